import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CubeIndex } from "./cube-index.ts";
import type { IndexDocument } from "./document.ts";
import type { IndexQuery } from "./query.ts";

const WORDS =
  "ada tom mira lisbon paris dog cat pottery paint swim run yesterday bought may love what".split(
    " ",
  );
const NOW = Date.UTC(2024, 5, 1);

const text = fc
  .array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 12 })
  .chain((words) => fc.constantFrom(".", "?").map((end) => words.join(" ") + end));

const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined });

const document: fc.Arbitrary<IndexDocument> = fc.record({
  id: fc.integer({ min: 0, max: 40 }).map((number) => `row-${number}`),
  version: fc.integer({ min: 1, max: 9 }),
  visibility: fc.constantFrom("open", "team", "secret"),
  type: fc.constantFrom("turn", "fact", "preference"),
  text,
  speaker: optional(fc.constantFrom("Ada", "Tom Baker", "user")),
  role: optional(fc.constantFrom("user" as const, "assistant" as const)),
  sessionId: optional(fc.constantFrom("s1", "s2", "s3")),
  order: optional(fc.integer({ min: 0, max: 9 })),
  at: optional(fc.integer({ min: NOW - 90, max: NOW }).map((day) => day * 1_000)),
  tags: fc.subarray(["home", "work"]),
  entities: fc.subarray(["Lisbon", "Pixel"]),
  expiresAt: optional(fc.constantFrom(NOW - 1, NOW, NOW + 1)),
  validTo: optional(fc.constantFrom(NOW - 1, NOW + 1)),
  vector: optional(
    fc
      .array(fc.integer({ min: -9, max: 9 }), { minLength: 4, maxLength: 4 })
      .map((v) => Float32Array.from(v)),
  ),
});

const query = fc.record({
  text: fc
    .tuple(fc.constantFrom("What did", "When did", "I", "Which things has"), text)
    .map((parts) => parts.join(" ")),
  vector: optional(fc.constant(Float32Array.of(1, 2, 3, 4))),
});

const ask = (
  index: CubeIndex,
  asked: Partial<IndexQuery>,
  permits: readonly string[] = ["open", "team", "secret"],
) =>
  index.search({
    text: "",
    limit: 10,
    now: NOW,
    permits: (visibility) => permits.includes(visibility),
    ...asked,
  });

const indexOf = (documents: readonly IndexDocument[]): CubeIndex => {
  const index = new CubeIndex();
  for (const each of documents) index.upsert(each);
  return index;
};

const byId = (documents: readonly IndexDocument[]): IndexDocument[] => [
  ...new Map(documents.map((each) => [each.id, each])).values(),
];

describe("CubeIndex", () => {
  it("gives the same result after any history as when built afresh in any order", () => {
    const change = fc.tuple(document, fc.boolean(), fc.boolean());
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), query, (changes, asked) => {
        const index = new CubeIndex();
        const left = new Map<string, IndexDocument>();
        for (const [each, stays, looks] of changes) {
          index.upsert(each);
          left.set(each.id, each);
          if (looks) ask(index, asked);
          if (stays) continue;
          expect(index.remove(each.id)).toBe(true);
          left.delete(each.id);
        }
        expect(index.count).toBe(left.size);
        const fresh = indexOf([...left.values()].toReversed());
        expect(ask(index, asked)).toEqual(ask(fresh, asked));
        index.serialize();
        expect(ask(index, asked)).toEqual(ask(fresh, asked));
      }),
      { numRuns: 150 },
    );
  });

  it("never lets a row that is hidden or expired change what a caller sees", () => {
    fc.assert(
      fc.property(fc.array(document, { maxLength: 60 }), query, (documents, asked) => {
        const all = byId(documents);
        const seen = all.filter(
          ({ visibility, expiresAt = Infinity }) => visibility !== "secret" && expiresAt > NOW,
        );
        expect(ask(indexOf(all), asked, ["open", "team"])).toEqual(ask(indexOf(seen), asked));
      }),
      { numRuns: 200 },
    );
  });

  it("keeps time: a row is gone from its expiry on, also where it was seen before", () => {
    const row = { id: "a", version: 1, visibility: "open", type: "fact", tags: [], entities: [] };
    const index = indexOf([{ ...row, text: "a secret meeting", expiresAt: 100 }]);
    expect(ask(index, { text: "meeting", now: 99 }).hits).toHaveLength(1);
    expect(ask(index, { text: "meeting", now: 100 }).hits).toEqual([]);
    expect(ask(index, { text: "meeting", now: 50 }).hits).toHaveLength(1);
  });

  it("is the same after a round through bytes, and goes on from there", () => {
    fc.assert(
      fc.property(
        fc.array(document, { maxLength: 40 }),
        document,
        query,
        (documents, late, asked) => {
          const index = indexOf(documents);
          const loaded = CubeIndex.deserialize(index.serialize());
          expect(loaded.count).toBe(index.count);
          expect(ask(loaded, asked)).toEqual(ask(index, asked));
          for (const each of [index, loaded]) each.upsert(late);
          expect(ask(loaded, asked)).toEqual(ask(index, asked));
          expect(loaded.serialize()).toEqual(CubeIndex.deserialize(loaded.serialize()).serialize());
        },
      ),
      { numRuns: 60 },
    );
  });

  it("refuses damaged bytes", () => {
    const bytes = indexOf([
      {
        id: "a",
        version: 1,
        visibility: "v",
        type: "fact",
        text: "one fact",
        tags: [],
        entities: [],
      },
    ]).serialize();
    for (const at of bytes.keys()) {
      const damaged = bytes.slice();
      damaged[at] = (damaged[at] ?? 0) ^ 4;
      expect(() => CubeIndex.deserialize(damaged), `byte ${at}`).toThrow(Error);
    }
    expect(() => CubeIndex.deserialize(bytes.subarray(0, bytes.length - 8))).toThrow(Error);
    expect(() => CubeIndex.deserialize(new Uint8Array(0))).toThrow(Error);
  });

  it("returns only rows that pass the filter, the same score or better ranked than without", () => {
    fc.assert(
      fc.property(fc.array(document, { maxLength: 60 }), query, (documents, asked) => {
        const index = indexOf(documents);
        const all = new Map(byId(documents).map((each) => [each.id, each]));
        const filter = { types: ["turn", "fact"], tags: ["home"], sessionId: "s1" };
        for (const { id } of ask(index, { ...asked, filter }).hits) {
          expect(all.get(id)).toMatchObject({ sessionId: "s1" });
          expect(all.get(id)?.tags).toContain("home");
          expect(all.get(id)?.type).not.toBe("preference");
        }
        const ids = [...all.keys()].slice(0, 3);
        for (const { id } of ask(index, { ...asked, filter: { ids } }).hits)
          expect(ids).toContain(id);
      }),
      { numRuns: 60 },
    );
  });

  it("finds nothing for nothing", () => {
    expect(ask(new CubeIndex(), { text: "anything" })).toEqual({ hits: [], confidence: 0 });
    const index = indexOf([
      {
        id: "a",
        version: 1,
        visibility: "v",
        type: "fact",
        text: "one fact",
        tags: [],
        entities: [],
      },
    ]);
    expect(ask(index, { text: "" }, ["v"])).toEqual({ hits: [], confidence: 0 });
    expect(ask(index, { text: "fact", limit: 0 }, ["v"]).hits).toEqual([]);
    expect(index.remove("b")).toBe(false);
  });
});
