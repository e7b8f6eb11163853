import { MemCubeError } from "../../errors.ts";
import type { Rejection } from "../reader/index.ts";

/**
 * What `absorb` did not take, as one error for an adapter to tell of; `undefined` when all of it was
 * taken. Empty messages are no loss.
 */
export function refusalOf(rejected: readonly Rejection[]): MemCubeError | undefined {
  const lost = rejected.filter(({ code }) => code !== "empty");
  const [first] = lost;
  if (first === undefined) return undefined;
  return new MemCubeError(
    "MEMCUBE_INVALID_INPUT",
    `${lost.length} of the messages were not taken, the first at ${first.position}: ${first.message}`,
    { details: { rejected: [...lost] } },
  );
}
