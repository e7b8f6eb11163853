import { describe, expect, it } from "vitest";

import { readFast } from "../index.ts";

const NOW = Date.UTC(2026, 0, 1);

function read(input: unknown, options: { sessionId?: string; speaker?: { user?: string } } = {}) {
  let made = 0;
  return readFast(input, { now: NOW, newId: () => `made-${(made += 1)}`, ...options });
}

describe("chat messages", () => {
  it("keeps role, words, speaker, session, order, time and source", () => {
    const { candidates, rejected, format } = read(
      [
        {
          role: "user",
          name: "Ada",
          content: "I moved to Turin.",
          id: "m1",
          createdAt: "2025-05-08",
        },
        { role: "assistant", content: "Noted." },
      ],
      { sessionId: "s1" },
    );
    const at = Date.UTC(2025, 4, 8);
    expect(candidates).toEqual([
      {
        payload: {
          type: "turn",
          text: "I moved to Turin.",
          role: "user",
          speaker: "Ada",
          sessionId: "s1",
          order: 0,
        },
        sources: [{ kind: "message", id: "m1", sessionId: "s1", at }],
        externalKey: "s1/m1",
        at,
        position: "[0]",
      },
      {
        payload: { type: "turn", text: "Noted.", role: "assistant", sessionId: "s1", order: 1 },
        sources: [{ kind: "message", id: "made-1", sessionId: "s1" }],
        position: "[1]",
      },
    ]);
    expect(rejected).toEqual([]);
    expect(format).toBe("chat");
  });

  it("names who speaks when the message does not", () => {
    const input = [
      { role: "user", content: "hi" },
      { role: "user", name: "Bo", content: "hi" },
      { role: "developer", content: "be kind" },
    ];
    const turns = read(input, { speaker: { user: "Ada" } }).candidates.map(
      ({ payload }) => payload,
    );
    expect(turns).toMatchObject([
      { speaker: "Ada", role: "user" },
      { speaker: "Bo", role: "user" },
      { role: "system" },
    ]);
    expect(turns[2]).not.toHaveProperty("speaker");
  });

  it("joins text parts and describes what is no text", () => {
    const content = [
      { type: "text", text: "Look:" },
      { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
      { type: "text", text: "our cat" },
    ];
    expect(read({ role: "user", content }).candidates[0]?.payload).toMatchObject({
      text: "Look:\nour cat",
      caption: "[image]",
    });
    const alone = [{ type: "image", alt: "a cat asleep" }];
    expect(read({ role: "user", content: alone }).candidates[0]?.payload).toMatchObject({
      text: "a cat asleep",
      caption: "a cat asleep",
    });
  });

  it("reads OpenAI's tool calls and the tool's reply", () => {
    const { candidates } = read([
      {
        role: "assistant",
        content: null,
        tool_calls: [
          { id: "c1", type: "function", function: { name: "rate", arguments: '{"to":"EUR"}' } },
        ],
      },
      { role: "tool", tool_call_id: "c1", content: '{"rate":0.93}' },
      { role: "function", name: "zip", content: "00123" },
    ]);
    expect(candidates.map(({ payload }) => payload)).toMatchObject([
      {
        role: "assistant",
        text: 'rate {"to":"EUR"}',
        toolCalls: [{ id: "c1", name: "rate", input: { to: "EUR" } }],
      },
      { role: "tool", text: '{"rate":0.93}', toolResult: { id: "c1", output: { rate: 0.93 } } },
      { role: "tool", text: "00123", toolResult: { name: "zip", output: "00123" } },
    ]);
  });

  it("gives every result of one message its own turn", () => {
    const { candidates } = read(
      {
        id: "m9",
        role: "tool",
        content: [
          {
            type: "tool-result",
            toolCallId: "a",
            toolName: "f",
            output: { type: "text", value: "1" },
          },
          {
            type: "tool-result",
            toolCallId: "b",
            toolName: "g",
            output: { type: "json", value: [2] },
          },
        ],
      },
      { sessionId: "s" },
    );
    expect(candidates).toMatchObject([
      { position: "input#0", externalKey: "s/m9#0", payload: { text: "1", order: 0 } },
      { position: "input#1", externalKey: "s/m9#1", payload: { text: "[2]", order: 1 } },
    ]);
  });

  it("reads what Mastra stores and what a plain transcript says", () => {
    const stored = {
      id: "m1",
      role: "user",
      createdAt: new Date(NOW),
      threadId: "t7",
      content: { format: 2, parts: [{ type: "text", text: "hello" }] },
    };
    expect(read([stored, { speaker: "Bo", text: "hi" }]).candidates).toMatchObject([
      { payload: { text: "hello", sessionId: "t7" }, at: NOW, externalKey: "t7/m1" },
      { payload: { text: "hi", role: "user", speaker: "Bo" } },
    ]);
  });

  it("reports one bad field and keeps the rest of the message", () => {
    const { candidates, rejected } = read({
      role: "user",
      content: ["hi", { type: "hologram" }],
      created_at: "soon",
      id: "x".repeat(3_000),
      sessionId: "a\nb",
    });
    expect(candidates).toMatchObject([
      {
        payload: { text: "hi" },
        sources: [{ id: "made-1" }],
      },
    ]);
    expect(candidates[0]).not.toHaveProperty("at");
    expect(candidates[0]).not.toHaveProperty("externalKey");
    expect(rejected.map(({ position, code }) => [position, code])).toEqual([
      ["content[1]", "unknown-part"],
      ["id", "bad-id"],
      ["sessionId", "bad-id"],
      ["created_at", "bad-date"],
    ]);
  });

  it("tells empty, silent and malformed messages apart", () => {
    const { candidates, rejected, skipped } = read([
      { role: "user", content: " \n" },
      { role: "user" },
      { role: "assistant", content: [{ type: "text", text: "" }] },
      { role: "assistant", content: [{ type: "reasoning", text: "hm" }] },
      { role: "user", content: 7 },
      { role: "narrator", content: "Once" },
    ]);
    expect(candidates).toEqual([]);
    expect(rejected.map(({ position, code }) => [position, code])).toEqual([
      ["[0]", "empty"],
      ["[1]", "empty"],
      ["[2]", "empty"],
      ["[4].content", "malformed"],
      ["[5]", "unknown-role"],
    ]);
    expect(skipped).toEqual([{ position: "[3]", reason: "silent" }]);
  });

  it("leaves out a tool's input that can't be kept, not the message", () => {
    const input: unknown = JSON.parse('{"__proto__":{"a":1}}');
    const content = [
      { type: "text", text: "calling" },
      { type: "tool_use", id: "1", name: "f", input },
    ];
    const { candidates, rejected } = read({ role: "assistant", content });
    expect(candidates[0]?.payload).toEqual({
      type: "turn",
      text: "calling",
      role: "assistant",
      order: 0,
    });
    expect(rejected).toMatchObject([{ position: "toolCalls", code: "unsafe-key" }]);
  });
});
