import { describe, expect, test } from "vitest";

import { MEMORY_STATES } from "../../memory/index.ts";
import { nextState, TRANSITIONS, type LifecycleEvent } from "./transitions.ts";

const EVENTS: readonly LifecycleEvent[] = [
  "activate",
  "merge",
  "archive",
  "restore",
  "expire",
  "forget",
  "rollback",
];

describe("the life of a memory", () => {
  test("every state and event either leads somewhere or is refused", () => {
    for (const state of MEMORY_STATES) {
      for (const event of EVENTS) {
        const expected = TRANSITIONS[state][event];
        if (expected !== undefined) expect(nextState(state, event)).toBe(expected);
        else {
          expect(() => nextState(state, event)).toThrow(
            expect.objectContaining({ code: "MEMCUBE_BAD_TRANSITION" }),
          );
        }
      }
    }
  });

  test("nothing is a dead end: every state leads back to life", () => {
    for (const state of MEMORY_STATES) expect(nextState(state, "rollback")).toBe("activated");
  });

  test("what was forgotten can't be changed, merged or expire", () => {
    for (const event of ["activate", "merge", "archive", "expire", "forget"] as const) {
      expect(TRANSITIONS.forgotten[event]).toBeUndefined();
    }
  });
});
