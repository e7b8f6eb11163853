import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { LIMITS } from "../../limits.ts";
import { idSchema, plaintextPayloadSchema, sourceSchema } from "../../memory/index.ts";
import { readFast, type ReadOptions, type ReadResult } from "./index.ts";
import { READER_LIMITS } from "./reader-limits.ts";

const NOW = Date.UTC(2026, 0, 1);
const options: ReadOptions = { now: NOW, newId: () => "made" };
const read = (input: unknown): ReadResult => readFast(input, options);

/** A lone surrogate or NUL as `JSON.stringify` writes it. */
const BROKEN = /(?<!\\)\\u(?:d[89a-f]|0000)/;

/** Every candidate is something the memory model takes. */
function expectValid({ candidates, rejected }: ReadResult): void {
  for (const { payload, sources, externalKey, at, tags = [] } of candidates) {
    plaintextPayloadSchema.parse(payload);
    for (const source of sources) sourceSchema.parse(source);
    if (externalKey !== undefined) idSchema.parse(externalKey);
    for (const tag of tags) expect(tag.length).toBeLessThanOrEqual(LIMITS.idChars);
    expect(at === undefined || (Number.isInteger(at) && at >= 0)).toBe(true);
    expect(JSON.stringify([payload, sources, externalKey, tags])).not.toMatch(BROKEN);
  }
  expect(JSON.parse(JSON.stringify(candidates))).toStrictEqual(candidates);
  const keys = candidates.flatMap(({ externalKey }) => externalKey ?? []);
  expect(new Set(keys).size).toBe(keys.length);
  for (const { message } of rejected) expect(message).not.toBe("");
}

function positionsOf({ candidates, rejected, skipped }: ReadResult): readonly string[] {
  return [...candidates, ...rejected, ...skipped].map(({ position }) => position);
}

function expectAccounted(count: number, result: ReadResult): void {
  const positions = positionsOf(result);
  for (let index = 0; index < count; index += 1) {
    expect(positions.some((position) => position.startsWith(`[${index}]`))).toBe(true);
  }
}

const json = fc.jsonValue({ stringUnit: "binary" });
const field = fc.oneof(
  json,
  fc.constantFrom(
    "",
    "hi",
    "\ud800",
    "a\0b",
    "1:00 pm on 8 May, 2023",
    "\0",
    "\ud800",
    "user",
    0,
    1e18,
  ),
);
const part = fc.record(
  {
    type: fc.constantFrom("text", "image", "tool-call", "tool-result", "tool-x", "reasoning", "?"),
    text: field,
    toolCallId: field,
    toolName: fc.oneof(fc.constant("f"), field),
    input: field,
    output: field,
  },
  { requiredKeys: ["type"] },
);
const content = fc.oneof(field, fc.array(fc.oneof(part, field), { maxLength: 4 }));
const message = fc.record(
  {
    role: fc.oneof(fc.constantFrom("user", "assistant", "system", "tool"), field),
    type: fc.oneof(fc.constantFrom("human", "ai", "tool", "generic", "fact", "json"), field),
    lc: fc.constant(1),
    content,
    parts: content,
    text: field,
    id: field,
    data: fc.record({ content, id: field }),
    kwargs: fc.record({ content, id: field }),
    tool_calls: fc.array(field, { maxLength: 2 }),
    createdAt: field,
    sessionId: field,
    name: field,
    payload: field,
    json: field,
  },
  { requiredKeys: [] },
);
const tree = fc.dictionary(
  fc.constantFrom("a", "b", "c", "__proto__"),
  fc.record({
    parent: fc.constantFrom("a", "b", "c", null),
    children: fc.constant([]),
    message: fc.record({
      author: fc.record({ role: field }),
      content: fc.record({ parts: content }),
    }),
  }),
);
const container = fc.record(
  {
    messages: fc.array(message, { maxLength: 3 }),
    sessions: fc.array(fc.record({ id: field, messages: fc.array(message, { maxLength: 2 }) }), {
      maxLength: 2,
    }),
    mapping: tree,
    current_node: fc.constantFrom("a", "b", "x"),
    conversation: fc.record({
      session_1: fc.array(message, { maxLength: 2 }),
      session_1_date_time: field,
    }),
    id: field,
    title: field,
    startedAt: field,
  },
  { requiredKeys: [] },
);

describe("readFast", () => {
  it("takes any JSON value: accounts for it, gives valid candidates, never throws", () => {
    fc.assert(
      fc.property(json, (input) => {
        const result = read(input);
        expectValid(result);
        if (Array.isArray(input)) expectAccounted(input.length, result);
        expect(positionsOf(result).length > 0 || Array.isArray(input)).toBe(true);
        expect(result.rejected.map(({ code }) => code)).not.toContain("unreadable");
      }),
      { numRuns: 300 },
    );
  });

  it("takes anything that nearly is a message", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(message, field), { maxLength: 6 }), (input) => {
        const result = read(input);
        expectValid(result);
        expectAccounted(input.length, result);
        expect(result.rejected.map(({ code }) => code)).not.toContain("unreadable");
        expect(read(input)).toEqual(result);
      }),
      { numRuns: 500 },
    );
  });

  it("takes anything that nearly is a conversation", () => {
    fc.assert(
      fc.property(container, (input) => {
        const result = read(input);
        expectValid(result);
        expectValid(read([input, input]));
        expect(result.rejected.map(({ code }) => code)).not.toContain("unreadable");
      }),
      { numRuns: 500 },
    );
  });

  it("takes values that are no JSON", () => {
    const throwing = {
      get role(): string {
        throw new RangeError("no");
      },
    };
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    const odd = [undefined, null, () => 1, Symbol("s"), 1n, new Map(), throwing, revoked.proxy, []];
    const result = read([...odd, { role: "user", content: "kept" }]);
    expect(result.candidates).toMatchObject([{ payload: { text: "kept" } }]);
    expect(result.rejected).toHaveLength(odd.length);
    expect(result.rejected[6]).toMatchObject({
      code: "unreadable",
      message: "reading the value failed: RangeError",
    });
    expect(result.rejected[7]).toMatchObject({ position: "[7]", code: "unreadable" });
    expect(read(undefined).rejected).toMatchObject([{ position: "input", code: "unknown-shape" }]);
  });

  it("reads JSON lines when the first line is a message", () => {
    const lines =
      '{"role":"user","content":"a"}\n\n{"role":"user"\n{"messages":[{"role":"user","content":"b"}]}\r\n';
    const { candidates, rejected, skipped, format } = read(lines);
    expect(format).toBe("jsonl");
    expect(candidates.map(({ position }) => position)).toEqual(["line 1", "line 4.messages[0]"]);
    expect(rejected).toMatchObject([{ position: "line 3", code: "bad-json" }]);
    expect(skipped).toEqual([{ position: "line 2", reason: "blank" }]);
    for (const text of [
      '{"role":"user","content":"one line"}',
      '{"a":1}\n{"a":2}',
      "{\n  code();\n}",
    ]) {
      expect(read(text)).toMatchObject({ format: "text", candidates: [{ payload: { text } }] });
    }
  });

  it("names the format of mixed and empty input", () => {
    expect(read(["text", { role: "user", content: "a" }]).format).toBe("mixed");
    expect(read([]).format).toBe("none");
  });

  it("counts the order within each session that messages name", () => {
    const said = (content: string, threadId?: string) => ({ role: "user", content, threadId });
    const { candidates } = read([said("a"), said("b", "t1"), said("c"), said("d", "t1")]);
    expect(candidates).toMatchObject([0, 0, 1, 1].map((order) => ({ payload: { order } })));
  });

  it("keeps a repeated id's message, without the key that would clash", () => {
    const { candidates, rejected } = read([
      { id: "m", role: "user", content: "a" },
      { id: "m", role: "user", content: "b" },
    ]);
    expect(candidates.map(({ externalKey }) => externalKey)).toEqual(["m", undefined]);
    expect(rejected).toMatchObject([{ position: "[1].id", code: "duplicate-id" }]);
  });

  it("refuses strings of many megabytes with a code that says so", () => {
    const huge = "long ".repeat(2_000_000);
    const { candidates, rejected } = read([
      huge,
      { role: "user", content: huge },
      { role: "user", content: "ok" },
    ]);
    expect(candidates).toHaveLength(1);
    expect(rejected).toMatchObject([
      { position: "[0]", code: "too-long" },
      { position: "[1]", code: "too-long" },
    ]);
  });

  it("stops in huge lists, and says where", () => {
    const sparse = Array(1e9);
    sparse[0] = "first";
    const { candidates, rejected } = read(sparse);
    expect(candidates).toHaveLength(1);
    expect(rejected.at(-1)).toEqual({
      position: `[${READER_LIMITS.outcomes}]`,
      code: "too-many",
      message: "the input has too many pieces; the rest was not read",
    });
    const parts = Array(READER_LIMITS.messageParts + 1).fill("a");
    expect(read({ role: "user", content: parts }).rejected).toMatchObject([
      { position: `content[${READER_LIMITS.messageParts}]`, code: "too-many" },
    ]);
  });

  it.each<[string, unknown]>([
    ["no options", undefined],
    ["no clock", { newId: () => "x" }],
    ["a clock that is no number", { now: Number.NaN, newId: () => "x" }],
    ["no ids", { now: 0 }],
    ["an empty session", { ...options, sessionId: "" }],
    ["tiny chunks", { ...options, chunkTokens: 1 }],
    [
      "ids that throw",
      {
        now: 0,
        newId: (): string => {
          throw new Error("no");
        },
      },
    ],
    ["ids that are empty", { now: 0, newId: () => "" }],
  ])("throws TypeError for misuse: %s", (_, misuse) => {
    expect(() => readFast([{ role: "user", content: "a" }], misuse as never)).toThrow(TypeError);
  });

  it("reads ten thousand messages at once", () => {
    const input = Array.from({ length: 10_000 }, (_, id) => ({
      id,
      role: "user",
      content: `message ${id}`,
    }));
    expect(read(input).candidates).toHaveLength(10_000);
  }, 5_000);
});
