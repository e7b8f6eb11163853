import { describe, expect, test } from "vitest";

import { viewMessages } from "./message-view.ts";

const one = (message: unknown) => viewMessages([message], (text) => text.length)[0]!;

describe("a view of a message", () => {
  test.each([
    ["OpenAI's user", { role: "user", content: "hi" }, { role: "user", asks: true, tokens: 6 }],
    [
      "OpenAI's calls",
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: "{}" } }],
      },
      { role: "assistant", calls: ["c1"], answers: [], tokens: 4 + "f {}".length },
    ],
    [
      "OpenAI's result",
      { role: "tool", tool_call_id: "c1", content: "" },
      { role: "tool", calls: [], answers: ["c1"], asks: false },
    ],
    [
      "OpenAI's old call",
      { role: "assistant", content: null, function_call: { name: "f", arguments: "{}" } },
      { calls: ["name f"] },
    ],
    [
      "OpenAI's old result",
      { role: "function", name: "f", content: "ok" },
      { role: "tool", answers: ["name f"] },
    ],
    ["a Responses item", { type: "function_call", call_id: "c9", name: "f" }, { calls: ["c9"] }],
    [
      "a Responses output",
      { type: "function_call_output", call_id: "c9", output: "" },
      { role: undefined, answers: ["c9"] },
    ],
    [
      "Anthropic's result",
      { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: "ok" }] },
      { role: "user", asks: false, answers: ["t1"] },
    ],
    [
      "Anthropic's call with a thought",
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "hm" },
          { type: "tool_use", id: "t1", name: "f", input: {} },
        ],
      },
      { calls: ["t1"], text: "", tokens: 4 + "f {}".length + "hm".length },
    ],
    [
      "the AI SDK's call and approval",
      {
        role: "assistant",
        content: [
          { type: "text", text: "Let me see." },
          { type: "tool-call", toolCallId: "a1", toolName: "f", input: {} },
          { type: "tool-approval-request", approvalId: "p1", toolCallId: "a1" },
        ],
      },
      { calls: ["a1", "approval p1"], text: "Let me see." },
    ],
    [
      "the AI SDK's results",
      {
        role: "tool",
        content: [
          { type: "tool-result", toolCallId: "a1", toolName: "f", output: { type: "text" } },
          { type: "tool-approval-response", approvalId: "p1", approved: true },
        ],
      },
      { answers: ["a1", "approval p1"] },
    ],
    [
      "the AI SDK's UI message",
      {
        id: "m",
        role: "assistant",
        parts: [{ type: "tool-f", toolCallId: "u1", state: "output-available", output: 1 }],
      },
      { calls: ["u1"], answers: ["u1"] },
    ],
    [
      "LangChain's call, which stands in it twice",
      {
        type: "ai",
        content: "",
        tool_calls: [{ id: "l1", name: "f", args: {} }],
        additional_kwargs: { tool_calls: [{ id: "l1", function: { name: "f", arguments: "{}" } }] },
      },
      { role: "assistant", calls: ["l1", "l1"], tokens: 4 + "f {}".length },
    ],
    [
      "LangChain's result",
      { type: "tool", content: "", tool_call_id: "l1", name: "f" },
      { role: "tool", answers: ["l1"] },
    ],
    [
      "a picture",
      { role: "user", content: [{ type: "image", image: "data:..." }] },
      { asks: true, tokens: 1_004 },
    ],
    ["a developer's instruction", { role: "developer", content: "x" }, { role: "system" }],
    [
      "a call whose input has no JSON",
      {
        role: "assistant",
        content: [{ type: "tool-call", toolCallId: "a", toolName: "f", input: 1n }],
      },
      { role: "assistant", calls: ["a"], tokens: 4 + "f ".length },
    ],
    ["nothing known", { colour: "red" }, { role: undefined, asks: false }],
    ["no object", 7, { role: undefined }],
  ])("%s", (_, message, expected) => {
    expect(one(message)).toMatchObject(expected);
  });

  test("a message whose fields can't be read is not understood", () => {
    const trap = {
      get role() {
        throw new Error("no");
      },
    };
    expect(one(trap)).toMatchObject({ role: undefined, tokens: 0 });
  });
});
