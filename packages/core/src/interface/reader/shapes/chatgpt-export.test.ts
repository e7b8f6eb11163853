import { describe, expect, it } from "vitest";

import { readFast } from "../index.ts";

const NOW = Date.UTC(2026, 0, 1);
const read = (input: unknown) => readFast(input, { now: NOW, newId: () => "made" });

interface Part {
  readonly role?: string;
  readonly parts?: readonly unknown[];
  readonly [name: string]: unknown;
}

function node(id: string, parent: string | null, message: Part | null, children: string[] = []) {
  if (message === null) return { id, parent, children, message };
  const { role = "user", parts = [], name, content_type = "text", ...rest } = message;
  const content = { content_type, parts };
  const told = {
    id: `${id}-message`,
    author: { role, name },
    create_time: 1_747_000_000.5,
    content,
  };
  return { id, parent, children, message: { ...told, ...rest } };
}

const CONVERSATION = {
  title: "Oven repair",
  conversation_id: "conv-9",
  create_time: 1_746_999_000,
  current_node: "f",
  mapping: {
    root: node("root", null, null, ["a"]),
    a: node("a", "root", { role: "system", parts: [""] }, ["b"]),
    b: node("b", "a", { parts: ["My oven is cold"] }, ["c", "x"]),
    x: node("x", "b", { role: "assistant", parts: ["An answer that was replaced"] }),
    c: node("c", "b", { role: "assistant", content_type: "thoughts", parts: ["hm"] }, ["d"]),
    d: node(
      "d",
      "c",
      { role: "assistant", recipient: "web", content_type: "code", parts: ["search('oven')"] },
      ["e"],
    ),
    e: node("e", "d", { role: "tool", name: "web", parts: ["Check the fuse."] }, ["f"]),
    f: node("f", "e", {
      role: "assistant",
      content_type: "multimodal_text",
      parts: [
        "Check the fuse first.",
        { content_type: "image_asset_pointer", asset_pointer: "file-service://1" },
      ],
    }),
  },
};

describe("ChatGPT's export", () => {
  it("follows the current branch with its times, title, tools and images", () => {
    const { candidates, rejected, skipped, format } = read([CONVERSATION]);
    expect(format).toBe("chatgpt");
    expect(rejected).toEqual([]);
    expect(candidates).toMatchObject([
      {
        position: "[0].mapping.b",
        at: 1_747_000_000_500,
        tags: ["Oven repair"],
        externalKey: "conv-9/b-message",
        payload: { text: "My oven is cold", role: "user", sessionId: "conv-9", order: 0 },
      },
      { payload: { toolCalls: [{ name: "web", input: "search('oven')" }], order: 1 } },
      {
        payload: {
          role: "tool",
          speaker: "web",
          toolResult: { output: "Check the fuse." },
          order: 2,
        },
      },
      { payload: { text: "Check the fuse first.", caption: "[image]", order: 3 } },
    ]);
    expect(skipped).toEqual([
      { position: "[0].mapping.root", reason: "no-message" },
      { position: "[0].mapping.a", reason: "hidden" },
      { position: "[0].mapping.c", reason: "hidden" },
      { position: "[0].mapping.x", reason: "other-branch" },
    ]);
  });

  it("takes the last leaf where the current node is missing or unknown", () => {
    for (const current_node of [undefined, "gone"]) {
      const { candidates } = read({ ...CONVERSATION, current_node });
      expect(candidates.at(-1)?.position).toBe("mapping.f");
    }
  });

  it("keeps what lies before a cycle, and reports it", () => {
    const mapping = {
      a: node("a", "b", { parts: ["one"] }, ["b"]),
      b: node("b", "a", { parts: ["two"] }, ["a"]),
    };
    const { candidates, rejected } = read({ title: "", current_node: "b", mapping });
    expect(candidates.map(({ position }) => position)).toEqual(["mapping.a", "mapping.b"]);
    expect(rejected).toMatchObject([{ position: "mapping.b", code: "cyclic" }]);
  });

  it("survives hostile ids and damaged nodes", () => {
    const mapping: unknown = JSON.parse(
      '{"__proto__":{"parent":null,"message":{"author":{"role":"user"},"content":{"parts":["hi"]}}},' +
        '"x":{"parent":"__proto__","message":7},"y":{"parent":"x","children":[],"message":{}},"z":null}',
    );
    const { candidates, rejected, skipped } = read({
      mapping,
      current_node: "y",
      create_time: "?",
    });
    expect(candidates).toMatchObject([{ position: "mapping.__proto__", payload: { text: "hi" } }]);
    expect(rejected.map(({ position, code }) => [position, code])).toEqual([
      ["create_time", "bad-date"],
      ["mapping.x", "malformed"],
      ["mapping.y", "unknown-role"],
    ]);
    expect(skipped).toEqual([{ position: "mapping.z", reason: "other-branch" }]);
  });
});
