import { setTimeout as sleep } from "node:timers/promises";

const FIRST_WAIT_MS = 2;
const LONGEST_WAIT_MS = 64;

/**
 * Waits before a lost race is run again: a random time up to a bound that doubles ("full jitter"), so
 * that writers who met once do not meet again. Ends early when the signal is aborted.
 *
 * @param attempt 1 for the first race lost
 */
export async function backOff(attempt: number, signal: AbortSignal | undefined): Promise<void> {
  const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1));
  try {
    await sleep(Math.random() * longest, undefined, signal === undefined ? {} : { signal });
  } catch {
    // Only an abort ends the wait; whoever waits looks at the signal next.
  }
}
