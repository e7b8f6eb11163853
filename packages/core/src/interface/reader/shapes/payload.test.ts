import { describe, expect, it } from "vitest";

import { readFast } from "../index.ts";

const read = (input: unknown) =>
  readFast(input, { now: Date.UTC(2026, 0, 1), newId: () => "made" });

describe("typed payloads", () => {
  it.each([
    [{ type: "fact", text: "Ada lives in Turin", subject: "Ada" }],
    [{ type: "event", text: "Ada runs", startsAt: 5 }],
    [{ type: "preference", text: "no olives", polarity: "dislike" }],
    [{ type: "tool-schema", name: "f", description: "", inputSchema: { type: "object" } }],
    [{ type: "tool-trajectory", task: "t", steps: [{ tool: "f", input: 1 }], outcome: "success" }],
    [{ type: "skill", name: "bake", description: "", instructions: "Heat." }],
    [{ type: "document", text: "part", chunk: { index: 0, count: 2 } }],
    [{ type: "json", value: { a: [1, null] } }],
  ])("pass through unchanged: %j", (payload) => {
    const { candidates, rejected, format } = read(payload);
    expect(candidates).toEqual([{ payload, sources: [], position: "input" }]);
    expect(rejected).toEqual([]);
    expect(format).toBe("payload");
  });

  it("may stand beside tags, sources, key and time", () => {
    const payload = { type: "fact", text: "a" };
    const sources = [{ kind: "memory", id: "m1", version: 2 }];
    const input = {
      payload,
      tags: ["x"],
      sources,
      externalKey: "k",
      language: "en",
      at: "2025-05-08",
    };
    expect(read([input]).candidates).toEqual([
      {
        payload,
        tags: ["x"],
        sources,
        externalKey: "k",
        language: "en",
        at: Date.UTC(2025, 4, 8),
        position: "[0]",
      },
    ]);
  });

  it.each([
    [{ type: "fact" }, "malformed"],
    [{ type: "fact", text: "a", mood: "good" }, "malformed"],
    [{ type: "event", text: "a", startsAt: "noon" }, "malformed"],
    [{ type: "text", text: " " }, "empty"],
    [{ type: "json", value: Number.NaN }, "not-json"],
    [{ payload: { type: "fact", text: "a" }, tags: [7] }, "malformed"],
  ])("are refused when they do not fit their schema: %j", (input, code) => {
    const { candidates, rejected } = read(input);
    expect(candidates).toEqual([]);
    expect(rejected).toMatchObject([{ position: "input", code }]);
  });

  it("without a chunk, a document is cut like any other", () => {
    const text = "One sentence with a few words. ".repeat(100);
    expect(read({ type: "document", text, title: "T" }).candidates.length).toBeGreaterThan(1);
  });
});

describe("{ json }", () => {
  it("keeps any JSON value, null too", () => {
    expect(read([{ json: { a: 1 } }, { json: null }]).candidates).toMatchObject([
      { payload: { type: "json", value: { a: 1 } } },
      { payload: { type: "json", value: null } },
    ]);
  });

  it("refuses what is nested too deeply, cyclic or hostile", () => {
    let deep: unknown = 1;
    for (let level = 0; level < 10_000; level += 1) deep = { deep };
    const cyclic: Record<string, unknown> = {};
    cyclic["me"] = cyclic;
    const codes = read([{ json: deep }, { json: cyclic }, { json: () => 1 }]).rejected.map(
      ({ code }) => code,
    );
    expect(codes).toEqual(["too-deep", "cyclic", "not-json"]);
  });
});
