import { cubeKey, type CubeRef } from "@memcube/core";

import type { Call } from "./client.ts";

/**
 * Calls to a database that nobody else has: a cube that nothing was ever committed to is not there, and
 * that is known without a message to the other thread.
 */
export function aloneCall(far: Call, checkOpen: () => void): Call {
  const begun = new Set<string>();
  const call = async (name: Parameters<Call>[0], input: never): Promise<unknown> => {
    if (name === "vault.commit") begun.add(cubeKey((input as { cube: CubeRef }).cube));
    if (name !== "vault.cube" || begun.has(cubeKey(input))) return await far(name, input);
    checkOpen();
    return undefined;
  };
  return call as Call;
}
