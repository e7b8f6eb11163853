import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { LIMITS } from "../../limits.ts";
import { checkedJson } from "./checked-json.ts";
import { READER_LIMITS } from "./reader-limits.ts";

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

describe("checkedJson", () => {
  it("gives a deep copy of any JSON value", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3, stringUnit: "binary" }), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!text.includes('"__proto__":') && !text.includes("\\u0000"));
        const checked = checkedJson(value);
        expect(checked).toStrictEqual({ ok: true, value: JSON.parse(text) });
      }),
    );
  });

  it("writes dates as ISO text, leaves out undefined members, mends strings", () => {
    const value = { at: new Date(0), none: undefined, list: [undefined], text: "\ud800" };
    expect(checkedJson(value)).toEqual({
      ok: true,
      value: { at: "1970-01-01T00:00:00.000Z", list: [null], text: "\uFFFD" },
    });
  });

  it("takes objects without a prototype", () => {
    expect(checkedJson(Object.assign(Object.create(null), { a: 1 }))).toEqual({
      ok: true,
      value: { a: 1 },
    });
  });

  it("allows the same object twice, but not within itself", () => {
    const shared = { a: 1 };
    expect(checkedJson([shared, shared]).ok).toBe(true);
    const cyclic: Record<string, unknown> = {};
    cyclic["self"] = cyclic;
    expect(checkedJson(cyclic)).toEqual({ ok: false, code: "cyclic" });
  });

  it("stops at the depth limit and not before", () => {
    expect(checkedJson(nested(LIMITS.jsonDepth)).ok).toBe(true);
    expect(checkedJson(nested(LIMITS.jsonDepth + 1))).toEqual({ ok: false, code: "too-deep" });
    expect(checkedJson(nested(100_000))).toEqual({ ok: false, code: "too-deep" });
  });

  it("stops at small input that unfolds into a huge tree", () => {
    let value: unknown = "lol";
    for (let level = 0; level < 40; level += 1) value = [value, value];
    expect(checkedJson(value)).toEqual({ ok: false, code: "too-large" });
    expect(checkedJson(Array(READER_LIMITS.jsonNodes + 1).fill(0))).toEqual({
      ok: false,
      code: "too-large",
    });
  });

  it("stops at too much text", () => {
    const half = "x".repeat(LIMITS.payloadBytes / 2 + 1);
    expect(checkedJson([half, half])).toEqual({ ok: false, code: "too-long" });
  });

  it("refuses __proto__ as a key, and leaves Object.prototype alone", () => {
    const hostile: unknown = JSON.parse('{"a":{"__proto__":{"polluted":true}}}');
    expect(checkedJson(hostile)).toEqual({ ok: false, code: "unsafe-key" });
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it.each([
    ["a function", () => 1],
    ["NaN", Number.NaN],
    ["a bigint", 1n],
    ["a symbol", Symbol("s")],
    ["bytes", new Uint8Array(2)],
    ["a Map", new Map()],
    ["an invalid date", new Date(Number.NaN)],
    ["undefined", undefined],
  ])("refuses %s", (_, value) => {
    expect(checkedJson({ value: [value] }).ok).toBe(value === undefined);
    expect(checkedJson(value)).toEqual({ ok: false, code: "not-json" });
  });
});
