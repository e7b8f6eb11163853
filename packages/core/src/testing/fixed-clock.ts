import type { Clock } from "../ports/index.ts";

/** A clock that stands still until it is told. */
export interface FixedClock extends Clock {
  /** Goes forward (or back, when negative) and returns the new time. */
  advance(ms: number): number;
  set(now: number): void;
}

/** @param start milliseconds since the epoch. @default 2026-01-01T00:00:00Z */
export function fixedClock(start: number = Date.UTC(2026, 0, 1)): FixedClock {
  let now = start;
  return {
    now: () => now,
    advance: (ms) => (now += ms),
    set: (next) => {
      now = next;
    },
  };
}
