import fc from "fast-check";
import { expect, test } from "vitest";

import { LIMITS } from "../../../limits.ts";
import type { ThreadChunk } from "../../../ports/index.ts";
import { ChunkSink } from "./chunk-sink.ts";
import { PACKED, packText, unpackText } from "./packed-text.ts";
import { ValueReader } from "./read-value.ts";
import { type ThreadInput, ThreadPart, type ThreadValue } from "./thread-value.ts";
import { writeValue } from "./write-value.ts";

/** The value written and read, and the chunks it took beside those known. */
function stored(value: ThreadInput, known: ReadonlyMap<string, ThreadChunk> = new Map()) {
  const sink = new ChunkSink(new Set(known.keys()), PACKED);
  const written = writeValue(value, sink);
  const fresh = new Map(sink.chunks.map((chunk) => [chunk.hash, chunk]));
  const chunks = new Map([...known, ...fresh]);
  return { written, fresh, chunks, read: () => new ValueReader(chunks).read(written) };
}

const leaf: fc.Arbitrary<ThreadValue> = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "binary", minLength: 90, maxLength: 300 }),
  fc.constantFrom("~", "~~", "~s", "~l", "~c", "~i", "\0", "\u0001", "\ud800".repeat(120)),
  fc.uuid(),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value)),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 100 }),
);
const value = fc.letrec<{ tree: ThreadValue }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie("tree"), { maxLength: 30 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("__proto__", "2", "1", "~l")), tie("tree")),
  ),
})).tree;

test("a value is read as it was written", () => {
  fc.assert(
    fc.property(value, (given) => {
      expect(stored(given).read()).toEqual(given);
    }),
    { numRuns: 500 },
  );
});

test("a list that grows is read as it was at each length, and shares what it was", () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 60 }), (elements) => {
      let known = new Map<string, ThreadChunk>();
      for (let length = 1; length <= elements.length; length += 1) {
        const { chunks, read } = stored(elements.slice(0, length), known);
        expect(read()).toEqual(elements.slice(0, length));
        known = chunks;
      }
    }),
    { numRuns: 50 },
  );
});

test("a message more takes a message more, however long the list is", () => {
  const message = (at: number) => ({
    id: `${at}`,
    type: "human",
    text: `message ${at} `.repeat(9),
  });
  let known = new Map<string, ThreadChunk>();
  const sizes: number[] = [];
  for (let length = 1; length <= 400; length += 1) {
    const list = Array.from({ length }, (_, at) => message(at));
    const { written, fresh, chunks } = stored(list, known);
    const bytes = [...fresh.values()].reduce((sum, chunk) => sum + chunk.bytes.length, 0);
    sizes.push(bytes + packText(written.text).length);
    known = chunks;
  }
  const sum = (from: number, to: number) => sizes.slice(from, to).reduce((a, b) => a + b, 0);
  expect(sum(300, 400) / sum(100, 200)).toBeLessThan(1.2);
});

test("a text that stands in several places is stored once", () => {
  const text = "a rather long text ".repeat(20);
  const { chunks } = stored({ input: { text }, list: [text, { text }] });
  expect(chunks.size).toBe(1);
});

test("texts are packed and unpacked", () => {
  const texts = [
    "",
    "short",
    "1ef4f797-8335-6428-8001-8a1503f9b875".repeat(300),
    "2026-11-20T16:47:59.790Z 2026-99-20T16:47:59.790Z 1ef4f797-8335-6428-8001-8a1503f9b875",
    `\0\u0001${"x".repeat(100)} 2026-11-20T16:47:59.790Z`,
    "grüße 绿茶 \u{1f375}".repeat(50),
    "x".repeat(100_000),
  ];
  for (const text of texts) expect(unpackText(packText(text))).toBe(text);
});

test("what is no value is refused", () => {
  const write = (given: unknown) => () => stored(given as ThreadValue);
  for (const given of [Number.NaN, Number.POSITIVE_INFINITY, undefined, 1n, () => 1, Symbol("x")]) {
    expect(write(given)).toThrow(expect.objectContaining({ code: "MEMCUBE_INVALID_INPUT" }));
    expect(write([{ given }])).toThrow(expect.objectContaining({ code: "MEMCUBE_INVALID_INPUT" }));
  }
  let deep: ThreadValue = 1;
  for (let depth = 0; depth < 300; depth += 1) deep = [deep];
  expect(write(deep)).toThrow(expect.objectContaining({ code: "MEMCUBE_LIMIT_EXCEEDED" }));
});

test("missing and changed chunks are damage", () => {
  const { written, chunks } = stored({ text: "long ".repeat(50) });
  const damage = expect.objectContaining({ code: "MEMCUBE_STORAGE_DAMAGED" });
  expect(() => new ValueReader(new Map()).read(written)).toThrow(damage);
  const [chunk] = chunks.values();
  for (const bytes of [new Uint8Array(), Uint8Array.of(9, 1), Uint8Array.of(1, 255, 255)]) {
    const changed = new Map(chunk === undefined ? [] : [[chunk.hash, { ...chunk, bytes }]]);
    expect(() => new ValueReader(changed).read(written)).toThrow(damage);
  }
});

test("parts that are nested too deep are refused", () => {
  let part = new ThreadPart("leaf");
  for (let level = 0; level < 300; level += 1) part = new ThreadPart([part]);
  expect(() => stored(part)).toThrow(expect.objectContaining({ code: "MEMCUBE_LIMIT_EXCEEDED" }));
});

test("a part is written once, and given to each thread that has it not", () => {
  const text = "a message that is long enough to lie in a chunk of its own, ".repeat(3);
  const part = new ThreadPart({ role: "user", text });
  const first = stored([part, 1]);
  expect(first.read()).toEqual([{ role: "user", text }, 1]);
  expect(first.fresh.size).toBe(1);
  const other = stored({ messages: [part] });
  expect([...other.fresh.keys()]).toEqual([...first.fresh.keys()]);
  expect(other.read()).toEqual({ messages: [{ role: "user", text }] });
  expect(stored([part], first.chunks).fresh.size).toBe(0);
  expect(stored(new ThreadPart([part, "~s"])).read()).toEqual([{ role: "user", text }, "~s"]);
});

test("a list of parts is stored as a list of their values, whatever was put before", () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 40 }), fc.nat(39), (values, changed) => {
      const parts = values.map((one) => new ThreadPart(one));
      const same = (some: readonly ThreadPart[]): void => {
        const plain = stored(some.map((part) => part.value));
        const { written, fresh } = stored(some);
        expect(written).toEqual(plain.written);
        expect(fresh).toEqual(plain.fresh);
      };
      for (let length = 1; length <= parts.length; length += 1) same(parts.slice(0, length));
      same(parts.with(changed % parts.length, new ThreadPart("another")));
      same(parts.toReversed());
    }),
    { numRuns: 50 },
  );
});

test("what is too large to be unpacked is not packed, however small it gets", () => {
  const tooLarge = "a".repeat(LIMITS.threadStepBytes + 1);
  for (const pack of [() => packText(tooLarge), () => stored(tooLarge)])
    expect(pack).toThrow(expect.objectContaining({ code: "MEMCUBE_LIMIT_EXCEEDED" }));
});
