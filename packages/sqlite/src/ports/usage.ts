import type { Usage } from "@memcube/core";

import type { Call } from "../client.ts";

/** The usage port. */
export function usageOf(call: Call): Usage {
  return {
    add: (increments) => call("usage.add", increments),
    get: async (cube, ids) => new Map(await call("usage.get", { cube, ids })),
  };
}
