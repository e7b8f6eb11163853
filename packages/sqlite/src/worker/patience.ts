import { isBusy } from "./native-errors.ts";

/** Shortest and longest pause between two tries for the lock, in milliseconds. */
const PAUSE_MS = 0.2;
const LONGEST_PAUSE_MS = 3;

const pauseCell = new Int32Array(new SharedArrayBuffer(4));

/**
 * Tries until another process lets go of the database, `timeoutMs` at most. Short pauses instead of
 * SQLite's own (up to 100 ms): a process that writes without a break holds the lock nearly always,
 * and the other one must meet one of its short gaps.
 *
 * @param meanwhile called between two tries, to serve what needs no lock
 * @throws the last error, when it is still busy or when it is another one
 */
export function withPatience<T>(timeoutMs: number, action: () => T, meanwhile?: () => void): T {
  const until = performance.now() + timeoutMs;
  for (let pauseMs = PAUSE_MS; ; pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS)) {
    try {
      return action();
    } catch (error) {
      if (!isBusy(error) || performance.now() > until) throw error;
    }
    // Not a fixed rhythm, or two processes would keep missing each other's gaps.
    Atomics.wait(pauseCell, 0, 0, pauseMs * (0.5 + Math.random()));
    meanwhile?.();
  }
}
