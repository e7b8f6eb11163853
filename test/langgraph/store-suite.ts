import type { Storage } from "@memcube/core";
import type { Item, Operation } from "@langchain/langgraph-checkpoint";
import { describe, expect, test } from "vitest";

import { START, worlds, type World } from "./store-world.ts";
import { wordEmbedder } from "./word-embedder.ts";

/** Elements and keys that a store must keep apart, whatever is done with them underneath. */
const HOSTILE = [
  "a",
  "A",
  "ab",
  "a.b",
  "a:b",
  "a/b",
  "a%2Fb",
  "a b",
  "a,b",
  "a|b",
  "*",
  "{a}",
  "[a]",
  "#part=1",
  "path:a/",
  "__proto__",
  "constructor",
  "",
  "\n",
  "'; DROP TABLE memory; --",
  "é",
  "e\u0301",
  "🗝",
  "x".repeat(1_000),
];

const keysOf = (items: readonly Item[]) => items.map(({ key }) => key);
const caller = (userId: string) => ({ scope: { caller: { userId } } });

/** What a store does, whichever storage is below it. */
export function storeSuite(name: string, openStorage: () => Storage | Promise<Storage>): void {
  // eslint-disable-next-line vitest/valid-title -- titles are data here
  describe(name, () => {
    const newWorld = worlds(openStorage);

    test("puts, gets, overwrites and deletes; dates are those of the first and last put", async () => {
      const { store, clock } = await newWorld();
      expect(await store.get(["users", "ada"], "diet")).toBeNull();
      await store.put(["users", "ada"], "diet", { likes: "pasta", more: [1, { a: null }] });
      clock.advance(5_000);
      await store.put(["users", "ada"], "diet", { likes: "noodles" });
      expect(await store.get(["users", "ada"], "diet")).toEqual({
        value: { likes: "noodles" },
        key: "diet",
        namespace: ["users", "ada"],
        createdAt: new Date(START),
        updatedAt: new Date(START + 5_000),
      });
      clock.advance(5_000);
      await store.delete(["users", "ada"], "diet");
      expect(await store.get(["users", "ada"], "diet")).toBeNull();
      expect(await store.search(["users"])).toEqual([]);
      expect(await store.search(["users"], { query: "noodles" })).toEqual([]);
      expect(await store.listNamespaces()).toEqual([]);
      await store.delete(["users", "ada"], "diet");
      await store.put(["users", "ada"], "diet", { likes: "rice" });
      const again = await store.get(["users", "ada"], "diet");
      expect(again).toMatchObject({
        value: { likes: "rice" },
        createdAt: new Date(START + 10_000),
      });
    });

    test("namespaces are compared element by element", async () => {
      const { store } = await newWorld();
      await store.put(["users", "1"], "a", { n: 1 });
      await store.put(["users", "12"], "b", { n: 1 });
      await store.put(["users2"], "c", { n: 1 });
      await store.put(["users", "1", "deep"], "d", { n: 1 });
      expect(keysOf(await store.search(["users", "1"]))).toEqual(["a", "d"]);
      expect(keysOf(await store.search(["users"]))).toEqual(["a", "b", "d"]);
      expect(keysOf(await store.search([]))).toEqual(["a", "b", "c", "d"]);
      expect(keysOf(await store.search(["users", "1"], { filter: { n: 1 } }))).toEqual(["a", "d"]);
      expect(keysOf(await store.search(["users", "1"], { query: "n" })).sort()).toEqual(["a", "d"]);
      expect(await store.get(["users"], "1")).toBeNull();
    });

    test("elements and keys of any characters stay apart", async () => {
      const { store } = await newWorld();
      const pairs = HOSTILE.flatMap((element, i) => [
        [["n", element], "k"] as const,
        [["n"], element] as const,
        [[element, "n"], HOSTILE[(i + 1) % HOSTILE.length] ?? ""] as const,
      ]);
      const puts = pairs.map(([namespace, key], i): Operation => {
        return { namespace: [...namespace], key, value: { i } };
      });
      await store.batch(puts);
      const items = await store.batch(
        pairs.map(([namespace, key]) => ({ namespace: [...namespace], key })),
      );
      const expected = pairs.map(([namespace, key], i) => ({ namespace, key, value: { i } }));
      expect(items).toMatchObject(expected);
      for (const element of HOSTILE) {
        expect(await store.search(["n", element])).toMatchObject([{ namespace: ["n", element] }]);
      }
      const listed = await store.listNamespaces({ prefix: ["n"], limit: 1_000 });
      expect(new Set(listed.map(String)).size).toBe(HOSTILE.length + 1);
      for (const [namespace, key] of pairs) {
        await store.batch([{ namespace: [...namespace], key, value: null }]);
      }
      expect(await store.search([], { limit: 1_000 })).toEqual([]);
    });

    test("in one batch reads come before writes, and of several puts the last counts", async () => {
      const { store } = await newWorld();
      await store.put(["n"], "k", { v: 0 });
      const results = await store.batch([
        { namespace: ["n"], key: "k", value: { v: 1 } },
        { namespace: ["n"], key: "k" },
        { namespace: ["n"], key: "new", value: { v: 1 } },
        { namespacePrefix: ["n"] },
        { matchConditions: undefined, limit: 10, offset: 0 },
        { namespace: ["n"], key: "k", value: { v: 2 } },
        { namespace: ["n"], key: "new", value: null },
        { namespace: ["m"], key: "late", value: null },
        { namespace: ["m"], key: "late", value: { v: 3 } },
      ] as const satisfies readonly Operation[]);
      expect(results).toMatchObject([
        undefined,
        { value: { v: 0 } },
        undefined,
        [{ value: { v: 0 } }],
        [["n"]],
        undefined,
        undefined,
        undefined,
        undefined,
      ]);
      expect(await store.get(["n"], "k")).toMatchObject({ value: { v: 2 } });
      expect(await store.get(["n"], "new")).toBeNull();
      expect(await store.get(["m"], "late")).toMatchObject({ value: { v: 3 } });
    });

    test("filters, limits and offsets give what a list of all gives", async () => {
      const { store } = await newWorld();
      const all = Array.from({ length: 90 }, (_, n) => ({ n, third: n % 3, name: `note ${n}` }));
      await store.batch(
        all.map((value) => ({ namespace: ["notes"], key: String(value.n), value })),
      );
      const wanted = all.filter(({ third, n }) => third === 1 && n >= 10).map(({ n }) => String(n));
      const filter = { third: 1, n: { $gte: 10 } };
      expect(keysOf(await store.search(["notes"], { filter }))).toEqual(wanted.slice(0, 10));
      const pages = [0, 7, 14, 21, 28].map((offset) =>
        store.search(["notes"], { filter, limit: 7, offset }),
      );
      expect((await Promise.all(pages)).flatMap(keysOf)).toEqual(wanted);
      const found = await store.search(["notes"], { filter, query: "note", limit: 100 });
      expect(keysOf(found).sort()).toEqual([...wanted].sort());
      expect(await store.search(["notes"], { filter, offset: 100 })).toEqual([]);
      expect(await store.search(["notes"], { limit: 0 })).toEqual([]);
      await expect(store.search([], { filter: { n: { $regex: 1 } } })).rejects.toMatchObject({
        code: "MEMCUBE_INVALID_INPUT",
      });
    });

    test("lists namespaces by prefix, suffix, wildcard, depth, page", async () => {
      const { store } = await newWorld();
      const namespaces = [
        ["a", "b", "c"],
        ["a", "b", "d"],
        ["a", "x", "c"],
        ["b", "b", "c"],
        ["a"],
      ];
      await store.batch(
        namespaces.flatMap((namespace) => [
          { namespace, key: "1", value: { n: 1 } },
          { namespace, key: "2", value: { n: 2 } },
        ]),
      );
      const sorted = [["a"], ["a", "b", "c"], ["a", "b", "d"], ["a", "x", "c"], ["b", "b", "c"]];
      expect(await store.listNamespaces()).toEqual(sorted);
      const list = store.listNamespaces.bind(store);
      expect(await list({ prefix: ["a", "b"] })).toEqual(sorted.slice(1, 3));
      expect(await list({ prefix: ["a", "*", "c"] })).toEqual([sorted[1], sorted[3]]);
      expect(await list({ prefix: ["*", "b"] })).toEqual([...sorted.slice(1, 3), sorted[4]]);
      expect(await list({ suffix: ["c"] })).toEqual([sorted[1], sorted[3], sorted[4]]);
      expect(await list({ suffix: ["b", "*"] })).toEqual([...sorted.slice(1, 3), sorted[4]]);
      expect(await list({ prefix: ["a"], suffix: ["d"] })).toEqual([sorted[2]]);
      expect(await list({ maxDepth: 2 })).toEqual([["a"], ["a", "b"], ["a", "x"], ["b", "b"]]);
      expect(await list({ maxDepth: 2, limit: 2, offset: 1 })).toEqual([
        ["a", "b"],
        ["a", "x"],
      ]);
      expect(await list({ prefix: ["c"] })).toEqual([]);
    });

    test("puts at the same time do not fail, and the last one asked for stays", async () => {
      const { store } = await newWorld();
      await Promise.all(
        Array.from({ length: 60 }, (_, n) => store.put(["n"], n % 2 ? "odd" : "even", { n })),
      );
      expect(await store.get(["n"], "odd")).toMatchObject({ value: { n: 59 } });
      expect(await store.get(["n"], "even")).toMatchObject({ value: { n: 58 } });
      await Promise.all([store.put(["n"], "odd", { n: 60 }), store.delete(["n"], "odd")]);
      expect(await store.get(["n"], "odd")).toBeNull();
    });

    test("a query finds by words, with a score, and by meaning where there is an embedder", async () => {
      const { store, os } = await newWorld({}, { embedder: wordEmbedder });
      await store.put(["m"], "food", { text: "Ada eats pasta on Sundays" });
      await store.put(["m"], "work", { text: "Ada repairs clocks" });
      await os.idle();
      const [first, ...rest] = await store.search(["m"], { query: "clocks" });
      expect(first).toMatchObject({ key: "work", score: expect.any(Number) });
      for (const { score } of rest) expect(score).toBeLessThan(first?.score ?? 0);
      const [meant] = await store.search(["m"], { query: "noodles" });
      expect(meant?.key).toBe("food");
    });

    test("with fill, what a query did not find comes after it, without a score", async () => {
      const { store, another } = await newWorld();
      const filling = another({ fill: true });
      for (const [key, text] of [
        ["a", "plum"],
        ["b", "lemon"],
        ["c", "pear"],
        ["d", "lemon and lime"],
      ] as const) {
        await store.put(["n"], key, { text });
      }
      await store.put(["n"], "e", { text: "lemon" }, false);
      const [query, limit] = ["lemon", 2];
      expect(await store.search(["n"], { query })).toHaveLength(2);
      const pages = [0, 2, 4, 6].map((offset) => filling.search(["n"], { query, limit, offset }));
      const items = (await Promise.all(pages)).flat();
      expect(keysOf(items).slice(0, 2).sort()).toEqual(["b", "d"]);
      expect(keysOf(items).slice(2)).toEqual(["a", "c", "e"]);
      expect(items.map(({ score }) => score === undefined)).toEqual([
        false,
        false,
        true,
        true,
        true,
      ]);
      const filter = { text: "pear" };
      expect(await filling.search(["n"], { query: "quince", filter })).toMatchObject([
        { key: "c", score: undefined },
      ]);
    });

    test("index says what a query finds an item by", async () => {
      const { store, another } = await newWorld();
      const value = {
        title: "lemon",
        meta: { author: "plum" },
        chapters: [{ body: "apple" }, { body: "pear" }],
        hidden: "quince",
      };
      await store.put(["n"], "all", value);
      await store.put(["n"], "none", value, false);
      await store.put(["n"], "some", value, ["title", "chapters[*].body"]);
      await another({ index: { fields: ["meta.author"] } }).put(["n"], "author", value);
      const found = async (query: string) => keysOf(await store.search(["n"], { query })).sort();
      expect(await found("lemon")).toEqual(["all", "some"]);
      expect(await found("pear")).toEqual(["all", "some"]);
      expect(await found("plum")).toEqual(["all", "author"]);
      expect(await found("quince")).toEqual(["all"]);
      const filter = { title: "lemon" };
      expect(await store.search(["n"], { filter })).toHaveLength(4);
      expect(await store.get(["n"], "none")).toMatchObject({ value });
      await store.put(["n"], "all", value, false);
      expect(await found("quince")).toEqual([]);
    });

    test("items expire; a read puts it off, with a new version only now and then", async () => {
      const { store, os, clock } = await newWorld({ ttl: { defaultMs: 100_000 } });
      await store.put(["n"], "read", { says: "lemon" });
      await store.put(["n"], "left", { says: "lemon" });
      await store.put(["n"], "searched", { says: "plum" });
      for (let i = 0; i < 30; i++) {
        clock.advance(10_000);
        expect(await store.get(["n"], "read")).not.toBeNull();
        expect(await store.search(["n"], { query: "plum" })).toHaveLength(1);
      }
      expect(await store.get(["n"], "left")).toBeNull();
      const cube = await os.as({ userId: "local" }).cube("user:local");
      const memory = await cube.getByKey("path:n/read/");
      expect(memory?.version.number).toBeLessThanOrEqual(1 + 300 / 25);
      expect(memory?.version.number).toBeGreaterThan(5);
      expect(await store.get(["n"], "read")).toMatchObject({
        createdAt: new Date(START),
        updatedAt: new Date(START),
      });
      clock.advance(100_001);
      expect(await store.search(["n"])).toEqual([]);
      expect(await store.listNamespaces()).toEqual([]);
    });

    test("expired items are erased in the background, after their retention", async () => {
      const { another, os, clock } = await newWorld();
      const cube = await os.as({ userId: "local" }).cube("user:local");
      const erased = async () => {
        let count = 0;
        for await (const { op } of cube.log()) if (op === "erase") count++;
        return count;
      };
      await another({ ttl: { defaultMs: 1_000 } }).put(["n"], "soon", { v: 1 });
      await another({ ttl: { defaultMs: 1_000, retentionMs: 9_000 } }).put(["n"], "late", { v: 1 });
      clock.advance(1_500);
      await os.idle();
      expect(await erased()).toBe(1);
      clock.advance(10_000);
      await os.idle();
      expect(await erased()).toBe(2);
    });

    test("without refresh on read items expire when they were to", async () => {
      const { store, clock } = await newWorld({ ttl: { defaultMs: 1_000, refreshOnRead: false } });
      await store.put(["n"], "k", { v: 1 });
      clock.advance(999);
      expect(await store.get(["n"], "k")).not.toBeNull();
      clock.advance(1);
      expect(await store.get(["n"], "k")).toBeNull();
      await store.put(["n"], "k", { v: 2 });
      expect(await store.get(["n"], "k")).toMatchObject({ createdAt: new Date(START + 1_000) });
    });

    test("items are memories of the cube: searched, versioned, in the log", async () => {
      const { store, os } = await newWorld({ scope: { caller: { userId: "ada" } } });
      await store.put(["users", "ada"], "diet", { likes: "pasta" });
      await store.put(["users", "ada"], "diet", { likes: "noodles" });
      const cube = await os.as({ userId: "ada" }).cube("user:ada");
      const [hit] = (await cube.search("noodles")).hits;
      expect(hit?.memory.payload).toEqual({
        type: "json",
        value: { likes: "noodles" },
        path: ["users", "ada", "diet"],
      });
      const id = hit?.memory.header.id ?? "";
      expect((await cube.history(id)).map(({ written }) => written?.actor?.via)).toEqual([
        "langgraph",
        "langgraph",
      ]);
      await cube.rollback(id, 1);
      expect(await store.get(["users", "ada"], "diet")).toMatchObject({
        value: { likes: "pasta" },
      });
      await cube.add({ type: "json", value: { n: 1 }, path: ["from", "elsewhere"] });
      expect(await store.get(["from"], "elsewhere")).toMatchObject({ value: { n: 1 } });
      await cube.add("Ada said hello.");
      expect(await store.search([])).toHaveLength(2);
    });

    test("deletion forgets, or erases where that is asked for", async () => {
      const { store, another, os } = await newWorld();
      await store.put(["n"], "k", { secret: "lemon" });
      const cube = await os.as({ userId: "local" }).cube("user:local");
      const id = (await cube.getByKey("path:n/k/"))?.header.id ?? "";
      await store.delete(["n"], "k");
      expect(await cube.history(id)).toHaveLength(2);
      await cube.rollback(id, 1);
      expect(await store.get(["n"], "k")).not.toBeNull();
      await another({ deletion: "erase" }).delete(["n"], "k");
      expect(await cube.history(id)).toEqual([]);
      expect(await store.get(["n"], "k")).toBeNull();
    });

    test("another user sees nothing, another tenant neither", async () => {
      const { store, another } = await newWorld(caller("ada"));
      await store.put(["shared", "notes"], "k", { says: "lemon" });
      const strangers = [
        another(caller("bob")),
        another({ scope: { caller: { userId: "ada", tenantId: "other" } } }),
      ];
      for (const stranger of strangers) await expectNothing(stranger);
      const intruder = another({ scope: { caller: { userId: "bob" }, cube: "user:ada" } });
      const refused = { code: "MEMCUBE_CUBE_NOT_FOUND" };
      await expect(intruder.get(["shared", "notes"], "k")).rejects.toMatchObject(refused);
      await expect(intruder.put(["shared"], "k", { v: 1 })).rejects.toMatchObject(refused);
      await strangers[0]?.put(["shared", "notes"], "k", { says: "plum" });
      await strangers[0]?.delete(["shared", "notes"], "k");
      expect(await store.get(["shared", "notes"], "k")).toMatchObject({
        value: { says: "lemon" },
      });
    });

    test("the scope may follow from the namespace: each user's items in their own cube", async () => {
      const { store, os } = await newWorld({
        scope: ({ namespace: [root, userId] }) =>
          root === "users" && userId !== undefined ? { caller: { userId } } : {},
      });
      await store.batch([
        { namespace: ["users", "ada"], key: "k", value: { of: "ada" } },
        { namespace: ["users", "bob"], key: "k", value: { of: "bob" } },
        { namespace: ["all"], key: "k", value: { of: "all" } },
      ]);
      for (const [userId, of] of [
        ["ada", "ada"],
        ["bob", "bob"],
        ["local", "all"],
      ] as const) {
        const cube = await os.as({ userId }).cube(`user:${userId}`);
        expect((await cube.list()).items.map(({ payload }) => payload)).toMatchObject([
          { value: { of } },
        ]);
      }
      expect(await store.search(["users", "ada"])).toMatchObject([{ value: { of: "ada" } }]);
      expect(await store.search(["users"])).toEqual([]);
      expect(await store.listNamespaces({ prefix: ["users", "bob"] })).toEqual([["users", "bob"]]);
    });

    test("a cube that several share: who may only read reads on, also with a TTL", async () => {
      const { os, another, clock } = await newWorld();
      const adas = os.as({ userId: "ada" });
      await adas.createCube("team", { allow: ["everyone"] });
      const scope = (userId: string) => ({ scope: { caller: { userId }, cube: "team" } });
      const ttl = { defaultMs: 10_000 };
      await another({ ...scope("ada"), ttl }).put(["n"], "k", { v: 1 });
      clock.advance(9_000);
      const reader = another({ ...scope("bob"), ttl });
      expect(await reader.get(["n"], "k")).toMatchObject({ value: { v: 1 } });
      await expect(reader.put(["n"], "k", { v: 2 })).rejects.toMatchObject({
        code: "MEMCUBE_FORBIDDEN",
      });
      await expect(reader.delete(["n"], "k")).rejects.toMatchObject({ code: "MEMCUBE_FORBIDDEN" });
      clock.advance(1_000);
      expect(await reader.get(["n"], "k"), "nobody who may has put it off").toBeNull();
    });

    test("reading makes no cube; a cube that was deleted is empty, and made anew by a put", async () => {
      const { store, os } = await newWorld();
      const me = os.as({ userId: "local" });
      expect(await store.search([])).toEqual([]);
      expect(await store.listNamespaces()).toEqual([]);
      expect((await me.listCubes()).items).toEqual([]);
      await store.put(["n"], "k", { v: 1 });
      await me.deleteCube("user:local");
      expect(await store.get(["n"], "k")).toBeNull();
      await store.put(["n"], "k", { v: 2 });
      await me.deleteCube("user:local");
      await store.put(["n"], "k", { v: 3 });
      expect(await store.get(["n"], "k")).toMatchObject({ value: { v: 3 } });
    });
  });
}

async function expectNothing(store: World["store"]): Promise<void> {
  expect(await store.get(["shared", "notes"], "k")).toBeNull();
  expect(await store.search([])).toEqual([]);
  expect(await store.search([], { query: "lemon" })).toEqual([]);
  expect(await store.search(["shared"], { filter: { says: "lemon" } })).toEqual([]);
  expect(await store.listNamespaces()).toEqual([]);
}
