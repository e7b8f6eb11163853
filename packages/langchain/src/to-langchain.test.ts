import { HumanMessage, SystemMessage, AIMessage } from "@langchain/core/messages";
import type { InjectionPlan } from "@memcube/core";
import { describe, expect, test } from "vitest";

import { placed } from "./to-langchain.ts";

function plan(parts: Partial<InjectionPlan>): InjectionPlan {
  return {
    stable: "",
    volatile: "",
    hits: [],
    tokens: { stable: 0, volatile: 0 },
    handOver: async () => await Promise.resolve({ request: {}, left: [] }),
    report: async () => await Promise.resolve(),
    ...parts,
  };
}

const messages = [
  new HumanMessage({ id: "h1", content: "one" }),
  new AIMessage({ id: "a1", content: "two" }),
  new HumanMessage({ id: "h2", content: "three", name: "Ada" }),
  new AIMessage({ id: "a2", content: "four" }),
];
const prompt = { systemMessage: new SystemMessage("Be brief."), messages };

describe("a plan in a prompt", () => {
  test("an empty one changes nothing", () => {
    const next = placed(prompt, plan({}));
    expect(next.systemMessage).toBe(prompt.systemMessage);
    expect(next.messages).toEqual(messages);
  });

  test("the volatile block opens the last human message, which stays the same message", () => {
    const next = placed(prompt, plan({ volatile: "BLOCK" }));
    expect(next.messages.map(({ text }) => text)).toEqual(["one", "two", "BLOCK\n\nthree", "four"]);
    expect(next.messages[2]).toMatchObject({ id: "h2", name: "Ada" });
    expect(messages[2]!.text).toBe("three");
  });

  test("parts of a message stay parts", () => {
    const image = { type: "image_url", image_url: { url: "data:," } };
    const asked = new HumanMessage({ content: [{ type: "text", text: "this?" }, image] });
    const next = placed({ ...prompt, messages: [asked] }, plan({ volatile: "BLOCK" }));
    expect(next.messages[0]!.content).toEqual([
      { type: "text", text: "BLOCK\n\n" },
      { type: "text", text: "this?" },
      image,
    ]);
  });

  test("without a human message the system message takes both", () => {
    const next = placed(
      { systemMessage: new SystemMessage(""), messages: [] },
      plan({ stable: "STABLE", volatile: "BLOCK" }),
    );
    expect(next.systemMessage.text).toBe("STABLE\n\nBLOCK");
  });

  test("only what the plan keeps is there", () => {
    const history = { keep: [2, 3], tokens: { before: 40, after: 20 } };
    const next = placed(prompt, plan({ stable: "SUMMARY", volatile: "BLOCK", history }));
    expect(next.messages.map(({ text }) => text)).toEqual(["BLOCK\n\nthree", "four"]);
    expect(next.systemMessage.text).toBe("Be brief.\n\nSUMMARY");
  });
});
