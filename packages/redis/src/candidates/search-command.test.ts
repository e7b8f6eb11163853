import { expect, test } from "vitest";

import { keysOf } from "../keys.ts";
import { searchCommand, type SearchQuery } from "./search-command.ts";
import { createIndexCommand, searchFields, tagOf } from "./search-schema.ts";

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
