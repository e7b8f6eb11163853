import { AIMessage, ChatMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { FakeEmbeddings } from "@langchain/core/utils/testing";
import { describe, expect, test } from "vitest";

import { documentOf, embedderFrom, notKept, turnOf } from "./from-langchain.ts";

const human = (id: string) => new HumanMessage({ id, content: id });
const ai = (id: string) => new AIMessage({ id, content: id });
const thread = [human("h1"), ai("a1"), human("h2"), ai("a2")];

describe("what was not kept yet", () => {
  test.each([
    ["after the last that was", "a1", ["h2", "a2"]],
    ["nothing after the very last", "a2", []],
    ["all of a thread of which none was", "", ["h1", "a1", "h2", "a2"]],
    ["the last exchange of a thread met for the first time", undefined, ["h2", "a2"]],
    ["the last exchange when the message is gone", "trimmed", ["h2", "a2"]],
  ])("%s", (_, lastKept, ids) => {
    expect(notKept(thread, lastKept).map(({ id }) => id)).toEqual(ids);
  });

  test("everything where no person wrote", () => {
    expect(notKept([ai("a")], undefined)).toHaveLength(1);
    expect(notKept([], undefined)).toEqual([]);
  });
});

describe("a message as a turn", () => {
  test.each([
    [
      new AIMessage({ id: "a", content: "hi", name: "model" }),
      { role: "ai", content: "hi", id: "a", tool_calls: [] },
    ],
    [
      new AIMessage({ content: "hi", name: "scout" }),
      { role: "ai", content: "hi", name: "scout", tool_calls: [] },
    ],
    [
      new ToolMessage({ content: "ok", tool_call_id: "c", name: "f" }),
      { role: "tool", content: "ok", name: "f", tool_call_id: "c" },
    ],
    [new HumanMessage("hi"), { role: "human", content: "hi" }],
    [new ChatMessage({ content: "hi", role: "user" }), { role: "user", content: "hi" }],
  ])("%#", (message, turn) => {
    expect(turnOf(message)).toEqual(turn);
  });
});

describe("a loaded document", () => {
  test.each([
    [{ source: "a.pdf", loc: { pageNumber: 3 } }, { uri: "a.pdf#page=3" }],
    [
      { source: "a.txt", title: "A" },
      { uri: "a.txt", title: "A" },
    ],
    [{ source: "a.csv", line: 4 }, { uri: "a.csv#line=4" }],
    [{ source: "a.md", loc: { lines: { from: 7, to: 9 } } }, { uri: "a.md#line=7" }],
    [
      { source: "a.pdf", loc: { pageNumber: 3, lines: { from: 1 } } },
      { uri: "a.pdf#page=3&line=1" },
    ],
    [{ url: "https://a.example" }, { uri: "https://a.example" }],
    [{ source: 7, loc: "x" }, {}],
  ])("with metadata %o", (metadata, expected) => {
    expect(documentOf({ pageContent: "text", metadata })).toEqual({ text: "text", ...expected });
  });
});

test("embeddings of LangChain embed for core", async () => {
  const embedder = embedderFrom(new FakeEmbeddings(), { model: "fake", dimensions: 4 });
  const [query] = await embedder.embed(["a"], { purpose: "query" });
  expect(query).toBeInstanceOf(Float32Array);
  expect(query).toHaveLength(4);
  expect(await embedder.embed(["a", "b"], { purpose: "document" })).toHaveLength(2);
});
