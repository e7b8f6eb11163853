import { MemCubeError, type Rejection } from "@memcube/core";

/** What core did not take, as an error; `undefined` when all of it was. Empty messages are no loss. */
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
