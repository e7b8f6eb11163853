import { expect, test } from "vitest";

import { keysOf } from "../keys.ts";
import { merged } from "./candidates.ts";
import { nearestCommand, searchCommand, type SearchQuery } from "./search-command.ts";
import { createIndexCommand, searchFields, tagOf } from "./search-schema.ts";
import { vectorField } from "./vector-field.ts";

const keys = keysOf("mc");
const cube = { tenantId: "t1", cubeId: "user:ada" };
const query: SearchQuery = {
  terms: ["lisbon", "moved"],
  filter: {},
  classes: undefined,
  now: 1_000,
  limit: 200,
  timeoutMs: 500,
  scorer: "BM25STD",
};

test("the words on the wire: a plain query", () => {
  expect(searchCommand(keys, cube, query)).toEqual([
    "FT.SEARCH",
    "mc:search",
    "(@cube:{$p0} @expires:[$p1 +inf]) @terms:($p2|$p3)",
    "VERBATIM",
    "NOCONTENT",
    "WITHSCORES",
    "SCORER",
    "BM25STD",
    "LIMIT",
    "0",
    "200",
    "TIMEOUT",
    "500",
    "PARAMS",
    "8",
    "p0",
    "c:t1:user%3a%ada",
    "p1",
    "1001",
    "p2",
    "lisbon",
    "p3",
    "moved",
    "DIALECT",
    "2",
  ]);
});

test("the words on the wire: every condition", () => {
  const filter = {
    kinds: ["plaintext"],
    types: ["fact", "event"],
    states: ["generated"],
    tags: ["a|b", "x y"],
    sessionId: "s}",
    from: 5,
    to: 9,
  } as const;
  const command = searchCommand(keys, cube, { ...query, classes: ["0", "2"], filter }) ?? [];
  expect(command[2]).toBe(
    "(@cube:{$p0} @class:{$p1|$p2} @kind:{$p3} @type:{$p4|$p5} @state:{$p6} @session:{$p7} " +
      "@tags:{$p8} @tags:{$p9} @at:[$p10 $p11] @expires:[$p12 +inf]) @terms:($p13|$p14)",
  );
  const at = command.indexOf("PARAMS");
  const values = command.slice(at + 2, -2).filter((_, place) => place % 2 === 1);
  expect(values).toEqual([
    "c:t1:user%3a%ada",
    "0",
    "2",
    "plaintext",
    "fact",
    "event",
    "generated",
    "s%7d%",
    "a%7c%b",
    "x%20%y",
    "5",
    "8",
    "1001",
    "lisbon",
    "moved",
  ]);
});

test("what can't find anything is not asked", () => {
  expect(searchCommand(keys, cube, { ...query, terms: [] })).toBeUndefined();
  expect(searchCommand(keys, cube, { ...query, terms: [""] })).toBeUndefined();
  expect(searchCommand(keys, cube, { ...query, classes: [] })).toBeUndefined();
  expect(searchCommand(keys, cube, { ...query, filter: { kinds: [] } })).toBeUndefined();
});

test("no value of a user is part of the query's text", () => {
  const hostile = "x} | @cube:{*";
  const command =
    searchCommand(
      keys,
      { tenantId: hostile, cubeId: hostile },
      {
        ...query,
        terms: [hostile, "$p0", "@cube", '"', "*", "-a", "~b", "=>{$weight:9}"],
        filter: { tags: [hostile], sessionId: hostile },
      },
    ) ?? [];
  expect(command[2]).toMatch(/^[()@{}$|[\] +\w]*:?[()@{}$|[\] +:\w]*$/u);
  expect(command[2]).not.toContain("x}");
  const at = command.indexOf("PARAMS");
  for (const value of command.slice(at + 2, -2)) expect(value).toMatch(/^[\p{L}\p{N}_%:.@-]+$/u);
});

test("the words on the wire: the index", () => {
  const tag = (name: string): string[] => [name, "TAG", "SEPARATOR", "\u001F", "CASESENSITIVE"];
  const schema = ["cube", "class", "kind", "type", "state", "session", "tags"].flatMap(tag);
  const words =
    "FT.CREATE mc:search:v1 ON HASH PREFIX 1 mc:d: STOPWORDS 0 SCHEMA terms TEXT NOSTEM";
  expect(createIndexCommand(keys)).toEqual([
    ...words.split(" "),
    ...schema,
    "at",
    "NUMERIC",
    "expires",
    "NUMERIC",
  ]);
});

test("a document holds words and tags that no separator can cut", () => {
  const write = {
    op: "put",
    id: "m",
    expectedVersion: 0,
    version: 1,
    content: "{}",
    salt: "",
    commitment: "",
    index: {
      kind: "plaintext",
      type: "fact",
      state: "generated",
      visibility: "[null,[]]",
      tags: ["a,b", " c "],
      at: 7,
      terms: "e-mail 東京",
      edges: [],
    },
  } as const;
  const fields = searchFields(keys)(cube, write);
  expect(fields.join("|")).toBe(
    "terms|e_2d_mail 東京|cube|c:t1:user%3a%ada|kind|plaintext|type|fact|state|generated|session||" +
      "tags|a%2c%b\u001F%20%c%20%|at|7|expires|9007199254740991",
  );
  const silent = { ...write, index: { ...write.index, terms: "" } };
  expect(searchFields(keys)(cube, silent)).toEqual(["-"]);
});

test("an empty name is a tag too: the engine refuses to look for none", () => {
  const filter = { tags: [""], types: [""], sessionId: "" };
  const command = searchCommand(keys, cube, { ...query, now: 999.5, filter }) ?? [];
  const at = command.indexOf("PARAMS");
  const values = command.slice(at + 2, -2).filter((_, place) => place % 2 === 1);
  expect(values.slice(1, 4)).toEqual(["%%", "%%", "%%"]);
  expect(values).not.toContain("");
  expect(values[4]).toBe("1000");
  expect(tagOf("%%")).not.toBe(tagOf(""));
});

const hnsw = vectorField({ model: "m", dimensions: 2, algorithm: "hnsw", type: "float32" });
const flat = vectorField({ model: "m", dimensions: 2, algorithm: "flat", type: "float16" });

test("the words on the wire: the nearest vectors", () => {
  const bytes = Buffer.from(new Float32Array([1, 0]).buffer);
  const filter = { kinds: ["plaintext"], tags: ["x"] } as const;
  expect(nearestCommand(keys, cube, { ...query, filter }, hnsw, bytes)).toEqual([
    "FT.SEARCH",
    `mc:search${hnsw.suffix}`,
    "(@cube:{$p0} @kind:{$p1} @tags:{$p2} @expires:[$p3 +inf])" +
      `=>[KNN $p4 @${hnsw.field} $p5 EF_RUNTIME $p6 AS distance]`,
    "NOCONTENT",
    "SORTBY",
    "distance",
    "ASC",
    ..."LIMIT 0 200 TIMEOUT 500 PARAMS 14".split(" "),
    ..."p0 c:t1:user%3a%ada p1 plaintext p2 x p3 1001 p4 200".split(" "),
    "p5",
    bytes,
    ..."p6 400 DIALECT 2".split(" "),
  ]);
  const few = nearestCommand(keys, cube, { ...query, limit: 5 }, hnsw, bytes) ?? [];
  expect(few[few.indexOf("p4") + 1]).toBe("200");
});

test("an exact search is not told how wide to look: the engine would refuse that", () => {
  const command = nearestCommand(keys, cube, query, flat, Buffer.alloc(4)) ?? [];
  expect(command[2]).toBe(
    `(@cube:{$p0} @expires:[$p1 +inf])=>[KNN $p2 @${flat.field} $p3 AS distance]`,
  );
  expect(nearestCommand(keys, cube, { ...query, classes: [] }, flat, Buffer.alloc(4))).toBe(
    undefined,
  );
});

test("the words on the wire: an index with vectors is one beside that without", () => {
  const plain = createIndexCommand(keys);
  const command = createIndexCommand(keys, hnsw);
  expect(command[1]).toBe(`mc:search:v1${hnsw.suffix}`);
  expect(command.slice(2, plain.length)).toEqual(plain.slice(2));
  const attributes = "TYPE FLOAT32 DIM 2 DISTANCE_METRIC COSINE M 16 EF_CONSTRUCTION 200";
  expect(command.slice(plain.length)).toEqual(
    `${hnsw.field} VECTOR HNSW 10 ${attributes}`.split(" "),
  );
  expect(createIndexCommand(keys, flat).slice(plain.length)).toEqual(
    `${flat.field} VECTOR FLAT 6 TYPE FLOAT16 DIM 2 DISTANCE_METRIC COSINE`.split(" "),
  );
  expect(searchCommand(keys, cube, query, hnsw)?.[1]).toBe(`mc:search${hnsw.suffix}`);
});

test("words and vectors are joined by their places, each memory once", () => {
  const words = [
    { key: "a", score: 9 },
    { key: "b", score: 1 },
  ];
  expect(merged(words, [], 9)).toEqual([
    { id: "a", score: 9 },
    { id: "b", score: 1 },
  ]);
  const found = merged(words, ["b", "c"], 9);
  expect(found.map(({ id }) => id)).toEqual(["b", "a", "c"]);
  expect(merged(words, ["b", "c"], 2).map(({ id }) => id)).toEqual(["b", "a"]);
  expect(merged([], ["c"], 2).map(({ id }) => id)).toEqual(["c"]);
});
