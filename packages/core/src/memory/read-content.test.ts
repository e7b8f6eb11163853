import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { memoryHeaderSchema } from "./header.ts";
import { memoryContentSchema, type MemoryContent } from "./memory.ts";
import { readContent } from "./read-content.ts";

const CONTENT: MemoryContent = {
  header: {
    id: "98cdeec5-1934-4256-a3aa-2c8b4278cd1b",
    tenantId: "default",
    cubeId: "user:ada",
    kind: "plaintext",
    type: "turn",
    sources: [{ kind: "message", id: "m-1", sessionId: "s-1", at: -1 }],
    externalKey: "key",
    tags: ["one", "two"],
    entities: ["Ada"],
    topic: ["travel", "japan"],
    language: "en",
    createdAt: 1_795_196_198_193,
    updatedAt: 1_795_196_198_194,
    validFrom: -86_400_000,
    validTo: 0,
    credibility: 0.5,
    fingerprint: "a".repeat(64),
    owner: "user:ada",
    allow: ["role:team", "everyone"],
    deny: ["agent:x"],
    state: "generated",
    frozen: false,
    expiresAt: 1_795_196_198_195,
    retentionMs: 1,
    priority: -3,
    sensitivity: "internal",
    licence: "CC0-1.0",
    activation: { model: "m" },
  },
  payload: { type: "turn", text: "Hello", role: "user", order: 0 },
  edges: [{ type: "about", to: { cubeId: "user:ada", id: "other" }, weight: 1 }],
  note: "why",
};

/** What the schema makes of stored JSON; the order of keys included. */
function bySchema(json: string): string {
  const read = memoryContentSchema.safeParse(JSON.parse(json));
  return read.success ? inFull(read.data) : JSON.stringify(read.error.issues);
}

function byReading(json: string): string {
  try {
    return inFull(readContent(json));
  } catch (error) {
    return JSON.stringify((error as { readonly issues: unknown }).issues);
  }
}

/** JSON that tells -0 from 0. */
const inFull = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) => (Object.is(each, -0) ? "-0" : each));

const TEXTS = ["", " ", "a", "@cube", "é", "\u0000", "\u007f", "\u0085", "\ud800", "a\n", "😀"];
const NAMES = ["everyone", "user:", "user:a", "user:a\n", "role:é", "root:a", "agent:a\u0000"];
const KEYWORDS = ["__proto__", "public", "restricted", "forgotten", "plaintext", "zh-Hant"];
const LONG = [16, 17, 64, 65, 128, 256, 257, 264].flatMap((length) => [
  "x".repeat(length),
  "0".repeat(length),
  "é".repeat(length),
  `user:${"x".repeat(length - 5)}`,
  `${"0".repeat(length)}\n`,
]);
const NUMBERS = [0, -0, 1, -1, 0.5, 1.5, 100, 101, -100, -101, 2 ** 53 - 1, 2 ** 53, 1e300];
const LISTS = [[], [""], ["a"], [1], ["user:a"], ["everyone"], [null], [[]], [{ kind: "url" }]];
const LONG_LISTS = [16, 17, 128, 129, 256, 257].flatMap((count) => [
  Array<string>(count).fill("a"),
  Array<string>(count).fill("user:a"),
]);
const OTHERS = [true, false, null, {}, { length: 0 }, { a: { b: [] } }, -8.64e15, 8.65e15];

/** Values on and beside the borders of the fields. */
const ODD = [
  ...TEXTS,
  ...NAMES,
  ...KEYWORDS,
  ...LONG,
  ...NUMBERS,
  ...LISTS,
  ...LONG_LISTS,
  ...OTHERS,
] as const;
const odd = fc.oneof(fc.constantFrom<unknown>(...ODD), fc.jsonValue());

/** -0 survives, as it does in a file that somebody wrote by hand. */
const written = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) => (Object.is(each, -0) ? "~-0~" : each)).replaceAll(
    '"~-0~"',
    "-0",
  );

describe("stored content is read as the schema reads it", () => {
  test("as it is written", () => {
    const json = JSON.stringify(CONTENT);
    expect(readContent(json)).toEqual(CONTENT);
    expect(byReading(json)).toBe(bySchema(json));
  });

  test("a header has every field of the schema", () => {
    expect(Object.keys(CONTENT.header)).toEqual(Object.keys(memoryHeaderSchema.shape));
  });

  test.for(Object.keys(CONTENT.header))("%s of any value, or none", (field) => {
    const check = (value: unknown): void => {
      const json = written({ ...CONTENT, header: { ...CONTENT.header, [field]: value } });
      expect(byReading(json)).toBe(bySchema(json));
    };
    for (const value of [undefined, ...ODD]) check(value);
    fc.assert(fc.property(odd, check));
  });

  test("fields in any order, missing, changed and unknown", () => {
    const { header } = CONTENT;
    const keys = Object.keys(header) as (keyof typeof header)[];
    const changed = fc.record({
      kept: fc.shuffledSubarray(keys, { minLength: keys.length - 3 }),
      odd: fc.array(fc.tuple(fc.constantFrom<string>(...keys, "__proto__", "x"), odd), {
        maxLength: 2,
      }),
    });
    fc.assert(
      fc.property(changed, ({ kept, odd: oddities }) => {
        const pairs = [...kept.map((key) => [key, header[key]] as const), ...oddities];
        const fields = pairs.map(([key, value]) => `${JSON.stringify(key)}:${written(value)}`);
        const rest = written({ payload: CONTENT.payload, edges: [] });
        const json = `{"header":{${fields.join(",")}},${rest.slice(1)}`;
        expect(byReading(json)).toBe(bySchema(json));
      }),
      { numRuns: 500 },
    );
  });

  test("payload, edges and note of any value; unknown parts", () => {
    for (const part of ["header", "payload", "edges", "note", "x", "__proto__"]) {
      fc.assert(
        fc.property(odd, (value) => {
          const { [part as "note"]: _, ...others } = CONTENT;
          const json = `{${JSON.stringify(part)}:${written(value)},${written(others).slice(1)}`;
          expect(byReading(json)).toBe(bySchema(json));
        }),
      );
    }
  });

  test("anything else", () => {
    fc.assert(
      fc.property(odd, (value) => {
        expect(byReading(written(value))).toBe(bySchema(written(value)));
      }),
    );
  });

  test("what is no JSON", () => {
    expect(() => readContent("{")).toThrow(SyntaxError);
  });
});
