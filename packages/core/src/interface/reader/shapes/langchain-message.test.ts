import { describe, expect, it } from "vitest";

import { readFast } from "../index.ts";

/** The fields and methods that LangChain's message classes have. */
class FakeMessage {
  readonly lc_serializable = true;
  readonly lc_namespace = ["langchain_core", "messages"];
  readonly content: unknown;
  readonly type: string;
  constructor(type: string, fields: { content: unknown; [name: string]: unknown }) {
    Object.assign(this, { additional_kwargs: {}, response_metadata: {} }, fields);
    this.content = fields.content;
    this.type = type;
  }
  getType(): string {
    return this.type;
  }
}

const CALL = { id: "c1", name: "search", args: { q: "tea" }, type: "tool_call" };

const LIVE = [
  new FakeMessage("human", { content: "Find tea", id: "h1", name: "Ada" }),
  new FakeMessage("ai", { content: [{ type: "text", text: "Looking" }], tool_calls: [CALL] }),
  new FakeMessage("tool", { content: '["oolong"]', tool_call_id: "c1", name: "search" }),
  new FakeMessage("system", { content: "Be brief" }),
  new FakeMessage("remove", { content: [], id: "h1" }),
];

const CLASSES: Readonly<Record<string, string>> = {
  human: "HumanMessage",
  ai: "AIMessageChunk",
  tool: "ToolMessage",
  system: "SystemMessage",
  remove: "RemoveMessage",
};

function kwargs({ lc_serializable: _, lc_namespace: __, type: ___, ...rest }: FakeMessage): object {
  return rest;
}

const FORMS = {
  "class instances": LIVE,
  "serialised with lc": LIVE.map((message) => ({
    lc: 1,
    type: "constructor",
    id: ["langchain_core", "messages", CLASSES[message.type]],
    kwargs: kwargs(message),
  })),
  "stored messages": LIVE.map((message) => ({ type: message.type, data: kwargs(message) })),
  "flat, as LangGraph's server sends": LIVE.map((message) => ({
    type: message.type,
    ...kwargs(message),
  })),
};

describe.each(Object.entries(FORMS))("LangChain messages: %s", (_, messages) => {
  it("gives the same turns in every form", () => {
    const options = { now: Date.UTC(2026, 0, 1), newId: () => "made", sessionId: "t" };
    const { candidates, rejected, skipped, format } = readFast(messages, options);
    expect(format).toBe("langchain");
    expect(rejected).toEqual([]);
    expect(skipped).toEqual([{ position: "[4]", reason: "no-message" }]);
    expect(candidates).toMatchObject([
      {
        externalKey: "t/h1",
        payload: { text: "Find tea", role: "user", speaker: "Ada", order: 0 },
      },
      {
        payload: {
          text: "Looking",
          role: "assistant",
          toolCalls: [{ id: "c1", name: "search", input: { q: "tea" } }],
        },
      },
      { payload: { role: "tool", toolResult: { id: "c1", name: "search", output: ["oolong"] } } },
      { payload: { text: "Be brief", role: "system", order: 3 } },
    ]);
  });
});

it("asks older messages for their type, and generic ones for their role", () => {
  const old = { _getType: () => "human", content: "hello", lc_kwargs: { content: "hello" } };
  const generic = { type: "generic", data: { role: "assistant", content: "hi" } };
  const foreign = { type: "generic", data: { role: "critic", content: "no" } };
  const { candidates, rejected } = readFast([old, generic, foreign], {
    now: 0,
    newId: () => "made",
  });
  expect(candidates).toMatchObject([
    { payload: { role: "user" } },
    { payload: { role: "assistant" } },
  ]);
  expect(rejected).toMatchObject([{ position: "[2]", code: "unknown-role" }]);
});

it("counts a call once that stands in content and in tool_calls", () => {
  const content = [{ type: "tool_use", id: "c1", name: "search", input: { q: "tea" } }];
  const message = new FakeMessage("ai", { content, tool_calls: [CALL] });
  const { candidates } = readFast(message, { now: 0, newId: () => "made" });
  expect(candidates).toMatchObject([{ payload: { toolCalls: [{ id: "c1" }] } }]);
});

it("reports a serialised message without fields", () => {
  const empty = { lc: 1, type: "constructor", id: ["HumanMessage"], kwargs: null };
  const { rejected } = readFast(empty, { now: 0, newId: () => "made" });
  expect(rejected).toMatchObject([{ position: "input", code: "malformed" }]);
});
