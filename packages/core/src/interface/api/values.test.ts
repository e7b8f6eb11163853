/** Values with a path: found by where they lie and by what their fields hold. */
import { afterEach, describe, expect, test } from "vitest";

import { LIMITS } from "../../limits.ts";
import type { JsonValue, Memory } from "../../memory/index.ts";
import { testOS, wordEmbedder } from "../../testing/test-os.ts";
import type { MemCube, MemOS } from "./index.ts";

const opened: MemOS[] = [];
afterEach(async () => {
  for (const os of opened.splice(0)) await os.close();
});

async function newCube(options: Parameters<typeof testOS>[0] = {}) {
  const { os, clock } = testOS(options);
  opened.push(os);
  const cube = await os.as({ userId: "ada" }).createCube("values");
  return { os, clock, cube };
}

const value = (path: readonly string[], json: JsonValue, text?: string) => ({
  type: "json",
  value: json,
  path,
  ...(text === undefined ? {} : { text }),
});
const put = async (cube: MemCube, ...values: readonly ReturnType<typeof value>[]) =>
  await cube.add(values, { onDuplicate: "update" });
const namesOf = (memories: readonly Memory[]) =>
  memories.map(({ payload }) => (payload.type === "json" ? payload.path?.at(-1) : undefined));

async function listed(cube: MemCube, options: Parameters<MemCube["list"]>[0]) {
  return namesOf((await cube.list(options)).items);
}

describe("a value's path", () => {
  test("is its key: the same path again is the next version, with createdAt kept", async () => {
    const { cube, clock } = await newCube();
    const first = await put(cube, value(["a", "k"], { n: 1 }));
    clock.advance(1_000);
    const second = await put(cube, value(["a", "k"], { n: 2 }));
    expect(second.ids).toEqual(first.ids);
    const memory = await cube.getByKey("path:a/k/");
    expect(memory?.payload).toMatchObject({ value: { n: 2 } });
    expect(memory?.header.updatedAt).toBe((memory?.header.createdAt ?? 0) + 1_000);
    expect(await cube.history(first.ids[0] ?? "")).toHaveLength(2);
  });

  test("goes with no other key, and once in one input", async () => {
    const { cube } = await newCube();
    const twice = await put(cube, value(["a", "k"], 1), value(["a", "k"], 2));
    expect(twice).toMatchObject({ added: 1, rejected: [{ code: "duplicate-id" }] });
    expect((await cube.list({ path: ["a"] })).items).toMatchObject([{ payload: { value: 1 } }]);
    const wrapped = await cube.add({ payload: value(["a", "l"], 1), externalKey: "mine" });
    expect(wrapped).toMatchObject({ added: 0, rejected: [{ code: "malformed" }] });
    const keyed = cube.add(value(["a", "l"], 1), { externalKey: "mine" });
    await expect(keyed).rejects.toMatchObject({ code: "MEMCUBE_INVALID_INPUT" });
    const clean = await cube.add(value(["a", "nul\0"], 1));
    expect(clean.rejected, "NUL is replaced, as in every text").toEqual([]);
    expect(await listed(cube, { path: ["a"] })).toEqual(["k", "nul\uFFFD"]);
  });

  test("stays: an update changes the value, never the path", async () => {
    const { cube } = await newCube();
    const [id = ""] = (await put(cube, value(["a", "k"], { n: 1 }))).ids;
    const elsewhere = cube.update(id, { payload: { path: ["b", "k"] } });
    await expect(elsewhere).rejects.toMatchObject({ code: "MEMCUBE_INVALID_INPUT" });
    const patch = { payload: { type: "json", value: { n: 2 } } };
    const after = await cube.update(id, patch, { mode: "overwrite" });
    expect(after.payload).toMatchObject({ value: { n: 2 }, path: ["a", "k"] });
    const [bare = ""] = (await cube.add({ json: 1 })).ids;
    await expect(cube.update(bare, { payload: { path: ["a"] } })).rejects.toMatchObject({
      code: "MEMCUBE_INVALID_INPUT",
    });
  });

  test("narrows lists and searches element by element", async () => {
    const { cube } = await newCube();
    await put(
      cube,
      value(["users", "1", "x"], { says: "lemon cake" }),
      value(["users", "12", "y"], { says: "lemon tart" }),
      value(["users2", "z"], { says: "lemon pie" }),
    );
    await cube.add({ type: "fact", text: "Lemon trees bear fruit all year." });
    expect(await listed(cube, { path: ["users", "1"] })).toEqual(["x"]);
    expect(await listed(cube, { path: ["users"] })).toEqual(["x", "y"]);
    expect(await listed(cube, { path: [] })).toEqual(["x", "y", "z"]);
    expect(await listed(cube, { path: ["users", "1", "x"] })).toEqual([]);
    const found = await cube.search("lemon", { path: ["users", "1"] });
    expect(namesOf(found.hits.map(({ memory }) => memory))).toEqual(["x"]);
    expect((await cube.search("lemon")).hits).toHaveLength(4);
  });

  test("is no word of the text", async () => {
    const { cube } = await newCube();
    await put(cube, value(["zebras", "k"], { says: "lemon" }));
    expect((await cube.search("zebras")).hits).toEqual([]);
  });

  test("a tag that looks like one leads nowhere", async () => {
    const { cube } = await newCube();
    await put(cube, value(["a", "k"], 1));
    await cube.add({ json: { n: 1 } }, { tags: ["path:a/"] });
    expect(await listed(cube, { path: ["a"] })).toEqual(["k"]);
    expect(await cube.paths({ path: ["a"] })).toEqual([["a"]]);
  });

  test("is exported, and imported into another cube with what finds it", async () => {
    const { os, cube } = await newCube();
    await put(cube, value(["a", "k"], { says: "lemon" }), value(["b", "k"], { says: "plum" }));
    const other = await os.as({ userId: "ada" }).createCube("other");
    await other.import(cube.export());
    expect(await listed(other, { path: ["a"] })).toEqual(["k"]);
    expect((await other.getByKey("path:a/k/"))?.payload).toMatchObject({ path: ["a", "k"] });
    const view = await os.as({ userId: "ada" }).view(["values", "other"]);
    const found = await view.search("lemon", { path: ["b"], where: { says: "plum" } });
    expect(found.hits).toEqual([]);
    expect((await view.search("plum", { path: ["b"] })).hits).toHaveLength(1);
  });

  test("a value with an empty text is read and listed, not searched", async () => {
    const { cube } = await newCube();
    await put(cube, value(["a", "k"], { says: "lemon" }, ""));
    expect(await listed(cube, { path: ["a"] })).toEqual(["k"]);
    expect((await cube.search("lemon January 2026")).hits).toEqual([]);
    await put(cube, value(["a", "k"], { says: "lemon" }, "pear"));
    expect((await cube.search("pear")).hits).toHaveLength(1);
    await put(cube, value(["a", "k"], { says: "lemon" }, ""));
    expect((await cube.search("pear")).hits).toEqual([]);
  });

  test("paths names each parent once, of what the caller may see", async () => {
    const { os, cube } = await newCube();
    await put(cube, value(["a", "b", "1"], 1), value(["a", "b", "2"], 2), value(["c", "3"], 3));
    await cube.add({ json: 4 });
    expect(await cube.paths()).toEqual([["a", "b"], ["c"]]);
    expect(await cube.paths({ path: ["a"] })).toEqual([["a", "b"]]);
    expect(await cube.paths({ path: ["a", "b", "1"] })).toEqual([]);
    await cube.configure({ allow: ["everyone"] });
    await cube.add(value(["secret", "4"], 4), { allow: ["user:ada"] });
    const bobs = await os.as({ userId: "bob" }).cube("values");
    expect(await bobs.paths()).toEqual([["a", "b"], ["c"]]);
    expect(await bobs.list({ path: ["secret"] })).toMatchObject({ items: [] });
    expect((await bobs.search("4", { path: [], where: {} })).hits).not.toContain("4");
  });
});

describe("where", () => {
  const people: readonly { readonly name: string; readonly [field: string]: JsonValue }[] = [
    { name: "a", age: 30, city: "Rome", tags: ["x"], more: { b: 1, a: [2] } },
    { name: "b", age: 40, city: "Rome", nothing: null },
    { name: "c", age: "50", city: "Turin" },
    { name: "d" },
  ];

  async function filled() {
    const { cube, ...rest } = await newCube();
    await put(cube, ...people.map((person) => value(["p", person.name], person)));
    await cube.add({ type: "fact", text: "Rome is old." });
    return { cube, ...rest };
  }

  test.each([
    [{ city: "Rome" }, "ab"],
    [{ city: "Rome", age: 40 }, "b"],
    [{ city: { $ne: "Rome" } }, "cd"],
    [{ age: { $gt: 30 } }, "bc"],
    [{ age: { $gte: 30, $lt: 50 } }, "ab"],
    [{ age: { $lte: 30 } }, "a"],
    [{ age: { $gt: "39" } }, "bc"],
    [{ age: 50 }, ""],
    [{ city: { $in: ["Turin", "Rome"] } }, "abc"],
    [{ city: { $nin: ["Rome"] } }, "cd"],
    [{ city: { $in: [] } }, ""],
    [{ tags: ["x"] }, "a"],
    [{ more: { a: [2], b: 1 } }, "a"],
    [{ more: { $eq: { a: [2], b: 1 } } }, "a"],
    [{ more: { b: 1 } }, ""],
    [{ nothing: null }, "b"],
    [{ missing: null }, ""],
    [{ name: {} }, "abcd"],
    [{ constructor: { $ne: null } }, "abcd"],
    [{}, "abcd"],
  ])("%j gives %s", async (where, names) => {
    const { cube } = await filled();
    expect((await listed(cube, { where })).join("")).toBe(names);
    expect((await listed(cube, { where, path: ["p"] })).join("")).toBe(names);
  });

  test.each([
    { city: { $regex: "R" } },
    { age: { $in: 3 } },
    { age: undefined },
    { age: { $gt: () => 1 } },
    { age: { $gt: 1, lt: 2 } },
    { age: { $in: Array.from({ length: LIMITS.whereChars / 2 }, () => 1) } },
  ])("refuses what is no filter", async (where) => {
    const { cube } = await filled();
    const refused = { code: "MEMCUBE_INVALID_INPUT" };
    await expect(cube.list({ where })).rejects.toMatchObject(refused);
    await expect(cube.search("Rome", { where })).rejects.toMatchObject(refused);
  });

  test("pages and totals are those of what fits, in both orders", async () => {
    const { cube } = await newCube();
    const numbers = Array.from({ length: 120 }, (_, n) =>
      value(["n", String(n)], { n, odd: n % 3 }),
    );
    await put(cube, ...numbers);
    const where = { odd: 1 };
    const all = numbers.flatMap(({ path }, n) => (n % 3 === 1 ? [path.at(-1)] : []));
    for (const order of ["oldest", "newest"] as const) {
      for (const limit of [1, 7, 40, 1_000]) {
        const found: unknown[] = [];
        let cursor: string | undefined;
        do {
          const page = await cube.list({
            where,
            order,
            limit,
            withTotal: true,
            ...(cursor === undefined ? {} : { cursor }),
          });
          expect(page.total).toBe(40);
          expect(page.items.length).toBeLessThanOrEqual(limit);
          found.push(...namesOf(page.items));
          cursor = page.cursor;
        } while (cursor !== undefined);
        expect(found).toEqual(order === "oldest" ? all : all.toReversed());
      }
    }
  });

  test("a search ranks what fits, not what is left of the best", async () => {
    const { cube } = await newCube({ embedder: wordEmbedder() });
    const notes = Array.from({ length: 400 }, (_, n) =>
      value(["n", String(n)], { n, kind: n === 7 ? "rare" : "common", says: "lemon lemon lemon" }),
    );
    notes[7] = value(["n", "7"], { n: 7, kind: "rare", says: "a lemon among many other things" });
    await (await put(cube, ...notes)).settled();
    const rare = await cube.search("lemon", { where: { kind: "rare" }, limit: 1 });
    expect(namesOf(rare.hits.map(({ memory }) => memory))).toEqual(["7"]);
    const byMeaning = await cube.search("things", { where: { kind: "rare" }, limit: 5 });
    expect(byMeaning.hits[0]?.why.vector).toBeGreaterThan(0);
    const common = await cube.search("lemon", { where: { kind: "common", n: { $lt: 20 } } });
    expect(common.hits).toHaveLength(10);
    for (const { memory } of common.hits) {
      expect(memory.payload).toMatchObject({ value: { kind: "common" } });
    }
    await put(cube, value(["n", "7"], { n: 7, kind: "common", says: "lemon" }));
    expect((await cube.search("lemon", { where: { kind: "rare" } })).hits).toEqual([]);
  });

  test("the past is filtered like the present", async () => {
    const { cube } = await filled();
    const before = await cube.position();
    await put(cube, value(["p", "a"], { name: "a", city: "Turin", says: "Rome" }));
    const past = await cube.at(before);
    const where = { city: "Rome" };
    expect(namesOf((await past.list({ where, path: ["p"] })).items)).toEqual(["a", "b"]);
    expect((await past.search("Rome", { where })).hits).toHaveLength(2);
    expect(await listed(cube, { where })).toEqual(["b"]);
  });
});

describe("expiry", () => {
  test("ttlMs counts from the write; renew puts it off when it is due, updatedAt stays", async () => {
    const { cube, clock } = await newCube();
    const options = { ttlMs: 10_000, onDuplicate: "update" } as const;
    const [id = ""] = (await cube.add(value(["a", "k"], 1), options)).ids;
    const before = await cube.get(id);
    expect(before?.header.expiresAt).toBe(clock.now() + 10_000);
    clock.advance(4_000);
    const read = await cube.getMany([id]);
    expect(await cube.renew(read, { ttlMs: 10_000, after: 0.5 })).toBe(0);
    expect((await cube.get(id))?.version.number).toBe(1);
    clock.advance(2_000);
    expect(await cube.renew(read, { ttlMs: 10_000, after: 0.5 })).toBe(1);
    const after = await cube.get(id);
    expect(after?.header).toMatchObject({
      expiresAt: clock.now() + 10_000,
      updatedAt: before?.header.updatedAt,
    });
    expect(await cube.renew(read, { ttlMs: 10_000, after: 0.5 }), "renewed meanwhile").toBe(0);
    clock.advance(10_000);
    expect(await cube.get(id)).toBeUndefined();
    expect(await cube.renew(read, { ttlMs: 10_000 })).toBe(0);
  });

  test("only who may write renews", async () => {
    const { os, cube } = await newCube();
    await cube.configure({ allow: ["everyone"] });
    await cube.add(value(["a", "k"], 1), { ttlMs: 10_000 });
    const bobs = await os.as({ userId: "bob" }).cube("values");
    const { items } = await bobs.list({ path: ["a"] });
    await expect(bobs.renew(items, { ttlMs: 20_000 })).rejects.toMatchObject({
      code: "MEMCUBE_FORBIDDEN",
    });
  });
});

test("changes under one key by one process: the last one asked for is the last one written", async () => {
  const { cube } = await newCube();
  const writes = Array.from({ length: 100 }, (_, n) => put(cube, value(["a", "k"], { n })));
  await Promise.all(writes);
  const memory = await cube.getByKey("path:a/k/");
  expect(memory?.payload).toMatchObject({ value: { n: 99 } });
  expect(memory?.version.number).toBe(100);
});

test("forgetting by key is one commit, in line with writes, and no error for what is not there", async () => {
  const { cube } = await newCube();
  await put(cube, value(["a", "1"], 1), value(["a", "2"], 2), value(["a", "3"], 3));
  const { seq } = await cube.position();
  const keys = ["path:a/1/", "path:a/2/", "path:a/none/"];
  expect(await cube.forgetByKey(keys)).toHaveLength(2);
  expect((await cube.position()).seq).toBe(seq + 1);
  expect(await cube.forgetByKey(keys)).toEqual([]);
  expect(await listed(cube, { path: ["a"] })).toEqual(["3"]);
  const [, forgotten] = await Promise.all([
    put(cube, value(["a", "1"], 4)),
    cube.forgetByKey(["path:a/1/"]),
    put(cube, value(["a", "2"], 5)),
  ]);
  expect(forgotten).toHaveLength(1);
  expect(await listed(cube, { path: ["a"] })).toEqual(["3", "2"]);
});

test("several keys at once, in the order of their memories", async () => {
  const { cube } = await newCube();
  await put(cube, value(["a", "1"], 1), value(["a", "2"], 2));
  const keys = ["path:a/2/", "path:nothing/", "path:a/1/"];
  expect(namesOf(await cube.getManyByKey(keys))).toEqual(["2", "1"]);
  expect(await cube.getManyByKey([])).toEqual([]);
});
