import { describe, expect, test } from "vitest";

import { answers, says, system, user, view } from "./messages.testing.ts";
import { summarise } from "./summarise.ts";

const sentencesOf = (text: string) => text.split(/(?<=[.?!])\s+/);
const options = { budgetTokens: 40, sentencesOf, countTokens: words };

function words(text: string): number {
  return text.split(/\s+/).filter((word) => word !== "").length;
}

describe("a summary without a model", () => {
  test("says who said what, in order, in one line for each message", () => {
    const messages = [
      user("I moved to Porto in May. The flat has a balcony."),
      says("Porto is lovely."),
      view({ role: "user", speaker: "Ada", text: "My cat Miso came along." }),
    ];
    expect(summarise(messages, options)).toEqual({
      text: [
        "user: I moved to Porto in May. The flat has a balcony.",
        "assistant: Porto is lovely.",
        "Ada: My cat Miso came along.",
      ].join("\n"),
      tokens: 22,
      whole: [0, 1, 2],
    });
  });

  test("prefers what tells something new to questions, echoes and filler", () => {
    const messages = [
      user("Hello there. How are you today?"),
      says("Hello! I am fine, how can I help you today?"),
      user("The deadline of the Atlas project is 14 March. Can you help me?"),
      says("Of course. The deadline of the Atlas project is 14 March, understood."),
    ];
    const { text } = summarise(messages, { ...options, budgetTokens: 13 });
    expect(text).toBe("user: The deadline of the Atlas project is 14 March.");
  });

  test("leaves out instructions, results of tools and code", () => {
    const messages = [
      system(),
      view({ ...answers("a"), text: "Nobody said this." }),
      user("Run this:\n```\nconst secret = 1;\n```\nIt prints a number."),
    ];
    const { text, whole } = summarise(messages, options);
    expect(text).toBe("user: Run this: It prints a number.");
    expect(whole).toEqual([]);
  });

  test.each([0, 1, 3, 7, 20, 100])("keeps to %i tokens", (budgetTokens) => {
    const messages = Array.from({ length: 50 }, (_, i) => user(`Fact ${i} is about topic${i}.`));
    const { text, tokens } = summarise(messages, { ...options, budgetTokens });
    expect(tokens).toBe(words(text));
    expect(tokens).toBeLessThanOrEqual(budgetTokens);
    if (budgetTokens >= 20) expect(text).not.toBe("");
  });

  test("is the same for the same messages", () => {
    const messages = Array.from({ length: 300 }, (_, i) => user(`Item ${i % 7} costs ${i} euros.`));
    const one = summarise(messages, { budgetTokens: 200, sentencesOf });
    expect(summarise(structuredClone(messages), { budgetTokens: 200, sentencesOf })).toEqual(one);
  });
});
