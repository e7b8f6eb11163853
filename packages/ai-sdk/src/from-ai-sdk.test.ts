import type { LanguageModelV4Content, LanguageModelV4Prompt } from "@ai-sdk/provider";
import { describe, expect, it } from "vitest";

import { answerOf, asked, digestOf, isFinished, turnsOf } from "./from-ai-sdk.ts";

const user = (text: string): LanguageModelV4Prompt[number] => ({
  role: "user",
  content: [{ type: "text", text }],
});
const assistant = (text: string): LanguageModelV4Prompt[number] => ({
  role: "assistant",
  content: [{ type: "text", text }],
});
const system: LanguageModelV4Prompt[number] = { role: "system", content: "Be kind." };
const call = { type: "tool-call" as const, toolCallId: "c", toolName: "f", input: "{}" };
const calling: LanguageModelV4Prompt[number] = { role: "assistant", content: [call] };
const returned: LanguageModelV4Prompt[number] = {
  role: "tool",
  content: [
    { type: "tool-result", toolCallId: "c", toolName: "f", output: { type: "text", value: "1" } },
  ],
};
const says = (text: string) => answerOf([{ type: "text", text }]);

/** Who said what, in short. */
function said(prompt: LanguageModelV4Prompt, text = "answer"): string[] {
  return turnsOf({ prompt, answer: says(text) }).map(({ role, content }) => {
    const [part] = content as { type: string; text?: string }[];
    return `${role}: ${part?.text ?? part?.type}`;
  });
}

describe("turnsOf", () => {
  it("gives what was said since the last finished answer", () => {
    expect(said([system, user("1"), assistant("one"), user("2")])).toEqual([
      "user: 2",
      "assistant: answer",
    ]);
    expect(said([user("1"), user("2")])).toEqual(["user: 1", "user: 2", "assistant: answer"]);
  });

  it("takes a tool loop that came to no answer for unfinished", () => {
    expect(said([user("1"), calling, returned, user("2")])).toEqual([
      "user: 1",
      "assistant: tool-call",
      "tool: tool-result",
      "user: 2",
      "assistant: answer",
    ]);
  });

  it("takes the beginning of the answer itself for no answer", () => {
    expect(said([user("1"), assistant("It is")])).toEqual([
      "user: 1",
      "assistant: It is",
      "assistant: answer",
    ]);
  });

  it("names turns of a session by the conversation up to them", () => {
    const ids = (prompt: LanguageModelV4Prompt, messageId?: string) =>
      turnsOf({ prompt, answer: says("a"), sessionId: "s", messageId }).map(({ id }) => id);
    expect(ids([system, user("1")])).toEqual(ids([user("1")]));
    expect(ids([user("1"), assistant("one"), user("1")])).not.toEqual(ids([user("1")]));
    expect(ids([user("1")], "m1")[0]).toBe("m1");
    expect(turnsOf({ prompt: [user("1")], answer: says("a") })[0]).not.toHaveProperty("id");
  });

  it("leaves out bytes, and nothing that was said", () => {
    const long = "x".repeat(300_000);
    const prompt: LanguageModelV4Prompt = [
      {
        role: "user",
        content: [
          { type: "file", mediaType: "a/b", filename: "f", data: { type: "data", data: long } },
          { type: "text", text: " " },
        ],
      },
      calling,
      {
        role: "tool",
        content: [{ ...call, type: "tool-result", output: { type: "text", value: long } }],
      },
    ];
    const turns = turnsOf({ prompt, answer: says(long) });
    expect(turns[0]?.content).toEqual([{ type: "file", mediaType: "a/b", filename: "f" }]);
    expect(turns[2]?.content).toMatchObject([{ output: { type: "text", value: long } }]);
    expect(turns[3]?.content).toEqual([{ type: "text", text: long }]);
    expect(turns.map(({ role }) => role)).toEqual(["user", "assistant", "tool", "assistant"]);
  });
});

describe("isFinished", () => {
  const text: LanguageModelV4Content = { type: "text", text: "a" };
  it.each([
    [{ unified: "stop" }, [text], true],
    [{ unified: "length" }, [text], true],
    ["stop", [text], true],
    [undefined, [text], true],
    [{ unified: "tool-calls" }, [text], false],
    ["tool-calls", [text], false],
    [{ unified: "stop" }, [text, call], false],
    [{ unified: "stop" }, [{ ...call, providerExecuted: true }, text], true],
  ] as const)("by the reason %j and the parts %j: %s", (reason, content, finished) => {
    expect(isFinished(answerOf(content), reason)).toBe(finished);
  });
});

describe("asked", () => {
  it("ends with the last user message, without instructions", () => {
    expect(asked([system, user("1"), calling, returned])).toEqual([user("1")]);
    expect(asked([system])).toBeUndefined();
  });
});

describe("digestOf", () => {
  it("stands for the words, whoever gave which instructions", () => {
    expect(digestOf([system, user("1")])).toBe(digestOf([user("1")]));
    expect(digestOf([user("1")])).not.toBe(digestOf([assistant("1")]));
    expect(digestOf([user("1")])).not.toBe(digestOf([user("2")]));
  });
});
