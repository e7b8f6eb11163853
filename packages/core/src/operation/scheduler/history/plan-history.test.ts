import { describe, expect, test } from "vitest";

import { says, user } from "./messages.testing.ts";
import { planHistory } from "./plan-history.ts";

const options = {
  heading: "EARLIER:",
  sentencesOf: (text: string) => [text],
  countTokens: (text: string) => text.length,
};

const talk = (exchanges: number) =>
  Array.from({ length: exchanges }, (_, i) => [
    user(`Question ${i} about theme${i}`),
    says(`Answer ${i} with detail${i}`),
  ]).flat();

describe("the plan of a history", () => {
  test("a short one is left as it is", () => {
    const messages = talk(3);
    expect(planHistory(messages, { ...options, historyTokens: 60 })).toEqual({
      keep: [0, 1, 2, 3, 4, 5],
      summary: "",
      summarised: [],
      tokens: { before: 60, after: 60 },
    });
  });

  test("a long one is a summary and the latest messages, within the budget", () => {
    const messages = talk(40);
    const plan = planHistory(messages, { ...options, historyTokens: 600 });
    expect(plan.keep.length).toBeLessThan(80);
    expect(plan.keep.at(-1)).toBe(79);
    expect(plan.summary.split("\n")[0]).toBe("EARLIER:");
    expect(plan.summary.length).toBeLessThanOrEqual(150);
    expect(plan.tokens.before).toBe(800);
    expect(plan.tokens.after).toBe(plan.keep.length * 10 + plan.summary.length);
    expect(plan.tokens.after).toBeLessThanOrEqual(600);
    for (const at of plan.summarised) expect(plan.summary).toContain(messages[at]!.text);
    expect(plan.summarised.length).toBeGreaterThan(0);
  });

  test("summary and first kept message change together, and seldom", () => {
    const messages = talk(200);
    const heads = messages.map((_, end) => {
      const plan = planHistory(messages.slice(0, end + 1), { ...options, historyTokens: 1_000 });
      return JSON.stringify([plan.summary, plan.keep[0]]);
    });
    const changes = heads.filter((head, at) => at > 0 && head !== heads[at - 1]).length;
    // 4,000 tokens of talk; each step leaves out 375.
    expect(changes).toBeLessThanOrEqual(10);
    expect(changes).toBeGreaterThan(5);
  });

  test("a budget too small for a summary has none", () => {
    const plan = planHistory(talk(10), { ...options, historyTokens: 20 });
    expect(plan).toMatchObject({ keep: [18, 19], summary: "", tokens: { after: 20 } });
  });
});
