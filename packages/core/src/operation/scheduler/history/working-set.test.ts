import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { MessageView } from "../../../flow/index.ts";
import { answers, calls, says, system, unknown, user, view } from "./messages.testing.ts";
import { workingSet } from "./working-set.ts";

const BUDGET = { firstTokens: 60, highTokens: 40, lowTokens: 20 };

/** Exchanges of a question and an answer, twenty tokens each. */
const talk = (exchanges: number) =>
  Array.from({ length: exchanges }, () => [user(), says()]).flat();

describe("the working set", () => {
  test.each<[string, readonly MessageView[], readonly number[]]>([
    ["nothing", [], []],
    ["what fits is kept", talk(3), [0, 1, 2, 3, 4, 5]],
    ["past the budget, the latest exchange", talk(4), [6, 7]],
    ["then it grows again", [...talk(4), user(), says()], [6, 7, 8, 9]],
    ["and is cut again", [...talk(5), user()], [9, 10].slice(1)],
    ["system messages stay", [system(), ...talk(4), system()], [0, 7, 8, 9]],
    ["a huge question stays", [...talk(3), view({ role: "user", tokens: 900 })], [6]],
    [
      "what the user asked stays in front of a long row of calls",
      [user(), ...["a", "b", "c"].flatMap((id) => [calls(id), answers(id)])],
      [0, 5, 6],
    ],
    [
      "also when the exchange is over",
      [user(), ...["a", "b", "c"].flatMap((id) => [calls(id), answers(id)]), user()],
      [0, 5, 6, 7],
    ],
    [
      "a group larger than the budget stays whole",
      [...talk(2), user(), calls("a", "b"), answers("a"), view({ ...answers("b"), tokens: 500 })],
      [4, 5, 6, 7],
    ],
    [
      "results that come in a user's name are no question",
      [
        user(),
        ...["a", "b", "c"].flatMap((id) => [calls(id), view({ ...answers(id), role: "user" })]),
      ],
      [0, 5, 6],
    ],
  ])("%s", (_, messages, kept) => {
    expect(workingSet(messages, BUDGET)).toEqual(kept);
  });

  const message = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(user(), says()) },
    { weight: 3, arbitrary: fc.constantFrom("a", "b", "c").map((id) => calls(id)) },
    { weight: 3, arbitrary: fc.constantFrom("a", "b", "c").map((id) => answers(id)) },
    { weight: 1, arbitrary: fc.constantFrom(system(), unknown(), calls("a", "b")) },
  );
  const sized = fc
    .tuple(message, fc.integer({ min: 1, max: 60 }))
    .map(([each, tokens]) => ({ ...each, tokens }));
  const conversation = fc.array(sized, { maxLength: 60 });
  const budget = fc
    .tuple(fc.nat(300), fc.nat(300), fc.nat(300))
    .map((sizes) => sizes.toSorted((a, b) => b - a))
    .map(([firstTokens = 0, highTokens = 0, lowTokens = 0]) => ({
      firstTokens,
      highTokens,
      lowTokens,
    }));

  test("never parts a call from its result, and never leaves out what must stay", () => {
    fc.assert(
      fc.property(conversation, budget, (messages, limits) => {
        const keep = workingSet(messages, limits);
        const kept = new Set(keep);
        expect(keep).toEqual([...kept].sort((a, b) => a - b));
        const asked = new Map<string, number>();
        for (const [at, { role, calls, answers }] of messages.entries()) {
          if (role === "system") expect(kept.has(at)).toBe(true);
          for (const id of answers) {
            const from = asked.get(id);
            if (from !== undefined) expect(kept.has(from)).toBe(kept.has(at));
          }
          for (const id of calls) asked.set(id, at);
        }
        const lastAsked = messages.findLastIndex(({ asks }) => asks);
        if (lastAsked !== -1) expect(kept.has(lastAsked)).toBe(true);
        if (messages.length > 0) expect(kept.has(messages.length - 1)).toBe(true);
        const first = keep.find((at) => messages[at]?.role !== "system");
        const earlier = first !== undefined && messages.slice(0, first).some(({ asks }) => asks);
        if (earlier) expect(messages[first]?.asks).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test("is within the budget unless what must stay is larger", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 80 }), budget, (exchanges, limits) => {
        const messages = talk(exchanges);
        const tokens = workingSet(messages, limits).length * 10;
        expect(tokens).toBeLessThanOrEqual(Math.max(limits.firstTokens, 20));
        if (tokens < exchanges * 20) {
          expect(tokens).toBeLessThanOrEqual(Math.max(limits.highTokens, 20));
        }
      }),
    );
  });

  test("as a conversation grows, the cut moves in steps and never goes back", () => {
    const messages = talk(200);
    const limits = { firstTokens: 1_000, highTokens: 800, lowTokens: 400 };
    const cuts = messages.map((_, end) => workingSet(messages.slice(0, end + 1), limits)[0] ?? 0);
    expect(cuts).toEqual(cuts.toSorted((a, b) => a - b));
    // 4,000 tokens in all; a step is 400.
    expect(new Set(cuts).size).toBeLessThanOrEqual(1 + 10);
    expect(new Set(cuts).size).toBeGreaterThan(5);
  });
});
