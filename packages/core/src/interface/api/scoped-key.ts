import { canonicalJson } from "../../memory/index.ts";
import type { OpenCube } from "./context.ts";

/**
 * A caller's idempotency key as the cube keeps it: with who asks and for what, so that one caller's
 * "turn-1" is never taken for another's, nor for another operation's.
 *
 * @param parts what the operation acts on: the id of a memory, the number of a batch
 */
export function scopedKey(
  { caller }: Pick<OpenCube, "caller">,
  operation: string,
  key: string,
  ...parts: readonly (string | number)[]
): string {
  return canonicalJson([caller.userId, caller.agentId ?? null, operation, key, ...parts]);
}
