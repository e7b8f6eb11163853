import type { Usage, UsageIncrement } from "@memcube/core";

import type { Call } from "../client.ts";
import type { UsageTuple } from "../worker/commands/usage.ts";

/** The usage port. */
export function usageOf(call: Call): Usage {
  return {
    add: (increments) => call("usage.add", increments.map(tupleOf)),
    get: async (cube, ids) => new Map(await call("usage.get", { cube, ids })),
  };
}

function tupleOf(increment: UsageIncrement): UsageTuple {
  const { cube, id, reads = 0, injections = 0, uses = 0, at } = increment;
  return [cube.tenantId, cube.cubeId, id, reads, injections, uses, at];
}
