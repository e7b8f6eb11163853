import type { Ids } from "../../ports/index.ts";

const FIRST_WAIT_MS = 2;
const LONGEST_WAIT_MS = 64;

/**
 * Waits before a lost race is run again: a random time up to a bound that doubles ("full jitter"), so
 * that writers who met once do not meet again. Ends early when the signal is aborted.
 *
 * @param ids where the randomness comes from
 * @param attempt 1 for the first race lost
 */
export async function backOff(
  ids: Ids,
  attempt: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1));
  const share = Number.parseInt(ids.salt().slice(0, 8), 16) / 2 ** 32;
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, share * longest);
    if (signal?.aborted === true) end();
    else signal?.addEventListener("abort", end);
  });
}
