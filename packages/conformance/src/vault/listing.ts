import type { VaultFilter } from "@memcube/core";

import { allPages, assert, rejects, times } from "../kit/checks.ts";
import { eraseWrite, START } from "../kit/content.ts";
import { newCube, SYSTEM, type TestCube } from "../kit/test-cube.ts";
import { rulesOf } from "../rule.ts";

const name = (index: number): string => `m${String(index).padStart(2, "0")}`;

export const listingRules = rulesOf("vault", "listing", {
  "memories are listed in creation order or its reverse": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put({ id: "b" }, { id: "a" });
    await cube.putEach({ id: "d" }, { id: "c" }, { id: "b", expectedVersion: 1 });
    assert.deepEqual(await list(cube, {}, "oldest"), ["b", "a", "d", "c"]);
    assert.deepEqual(await list(cube, {}, "newest"), ["c", "d", "a", "b"]);
  },

  "each condition of a filter narrows, all of them together": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put(
      { id: "a", type: "fact", tags: ["x", "y"], sessionId: "s1", at: START + 10 },
      { id: "b", type: "event", tags: ["x"], sessionId: "s2", at: START + 20, state: "archived" },
      { id: "c", kind: "activation", tags: ["y"], at: START + 30, state: "forgotten" },
      { id: "d", kind: "parameter", at: START + 40, sessionId: "s1" },
    );
    assert.deepEqual(await list(cube, { kinds: ["plaintext"] }), ["a", "b"]);
    assert.deepEqual(await list(cube, { kinds: ["activation", "parameter"] }), ["c", "d"]);
    assert.deepEqual(await list(cube, { types: ["fact", "lora"] }), ["a", "d"]);
    assert.deepEqual(await list(cube, { states: ["generated"] }), ["a", "d"]);
    assert.deepEqual(await list(cube, { states: ["archived", "forgotten"] }), ["b", "c"]);
    assert.deepEqual(await list(cube, { tags: ["x"] }), ["a", "b"]);
    assert.deepEqual(await list(cube, { tags: ["x", "y"] }), ["a"]);
    assert.deepEqual(await list(cube, { sessionId: "s1" }), ["a", "d"]);
    assert.deepEqual(await list(cube, { from: START + 20 }), ["b", "c", "d"]);
    assert.deepEqual(await list(cube, { to: START + 20 }), ["a"]);
    assert.deepEqual(await list(cube, { from: START + 20, to: START + 40 }), ["b", "c"]);
    assert.deepEqual(await list(cube, { tags: ["x"], types: ["fact", "event"], to: START + 20 }), [
      "a",
    ]);
    assert.deepEqual(await list(cube, { tags: ["x"], sessionId: "s3" }), []);
  },

  "an empty list of kinds, types or states lets nothing through, one of tags all": async ({
    storage,
  }) => {
    const cube = await newCube(storage);
    await cube.put({ id: "a" });
    assert.deepEqual(await list(cube, { tags: [] }), ["a"]);
    assert.deepEqual(await list(cube, { kinds: [] }), []);
    assert.deepEqual(await list(cube, { states: [] }), []);
    assert.deepEqual(await list(cube, { types: [] }), []);
  },

  "tags are compared whole, whatever characters they have": async ({ storage }) => {
    const cube = await newCube(storage);
    const tags = [
      "a",
      "ab",
      "A",
      "a b",
      "a,b",
      "a|b",
      'a"',
      "a'",
      "a%",
      "a_",
      "a*",
      "a\\",
      "{a}",
      "é",
      "e\u0301",
    ];
    await cube.put(...tags.map((tag, index) => ({ id: name(index), tags: [tag, "every"] })));
    for (const [index, tag] of tags.entries()) {
      assert.deepEqual(await list(cube, { tags: [tag] }), [name(index)], tag);
    }
    assert.equal((await list(cube, { tags: ["every"] })).length, tags.length);
  },

  "a filter looks at the current version": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put({ id: "a", tags: ["old"], sessionId: "one", at: START + 1 });
    await cube.put({ id: "a", expectedVersion: 1, tags: ["new"], sessionId: "two", at: START + 2 });
    assert.deepEqual(await list(cube, { tags: ["old"] }), []);
    assert.deepEqual(await list(cube, { sessionId: "one" }), []);
    assert.deepEqual(await list(cube, { to: START + 2 }), []);
    assert.deepEqual(await list(cube, { tags: ["new"], sessionId: "two", from: START + 2 }), ["a"]);
  },

  "pages give every memory once, in both orders": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put(
      ...times(23, (index) => ({ id: name(index), tags: index % 2 === 0 ? ["even"] : [] })),
    );
    const ids = times(23, name);
    const even = ids.filter((_, index) => index % 2 === 0);
    for (const limit of [1, 4, 23, 100]) {
      assert.deepEqual(await listPages(cube, { limit, order: "oldest" }), ids);
      assert.deepEqual(await listPages(cube, { limit, order: "newest" }), ids.toReversed());
      const filter = { tags: ["even"] };
      assert.deepEqual(await listPages(cube, { limit, order: "oldest", filter }), even);
    }
  },

  "a last page has no cursor when it is not full": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put({ id: "a" }, { id: "b" });
    const page = await cube.vault.list(cube.ref, {
      access: SYSTEM,
      filter: {},
      order: "oldest",
      limit: 3,
    });
    assert.equal(page.cursor, undefined);
    assert.equal(page.total, undefined, "no total unless it was asked for");
  },

  "a total counts all that the filter lets through": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put(...times(10, (index) => ({ id: name(index), tags: index < 4 ? ["t"] : [] })));
    const query = { access: SYSTEM, order: "oldest", limit: 3, withTotal: true } as const;
    const all = await cube.vault.list(cube.ref, { ...query, filter: {} });
    assert.equal(all.total, 10);
    const filtered = await cube.vault.list(cube.ref, { ...query, filter: { tags: ["t"] } });
    assert.equal(filtered.total, 4);
    const next = await cube.vault.list(cube.ref, { ...query, filter: {}, cursor: all.cursor });
    assert.equal(next.total, 10, "on every page the same");
  },

  "a cursor stays valid across writes, oldest first": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put(...times(12, (index) => ({ id: name(index) })));
    const pages: string[][] = [];
    const all = await listPages(cube, {
      limit: 4,
      order: "oldest",
      async afterPage(page) {
        pages.push(page);
        if (pages.length > 1) return;
        await cube.commit({ writes: [eraseWrite(name(3)), eraseWrite(name(0))] });
        await cube.put(
          {
            id: name(1),
            expectedVersion: 1,
          },
          {
            id: name(6),
            expectedVersion: 1,
          },
        );
        await cube.put({ id: "new" });
      },
    });
    assert.deepEqual(all, [...times(12, name), "new"]);
  },

  "a cursor stays valid across writes, newest first": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put(...times(12, (index) => ({ id: name(index) })));
    let first = true;
    const all = await listPages(cube, {
      limit: 5,
      order: "newest",
      async afterPage(page) {
        if (!first) return;
        first = false;
        await cube.put({ id: "new" });
        await cube.commit({ writes: [eraseWrite(page.at(-1) ?? "")] });
        await cube.put({
          id: name(2),
          expectedVersion: 1,
        });
      },
    });
    assert.deepEqual(all, times(12, name).toReversed(), "neither the new one nor one twice");
  },

  "what is no cursor is refused": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put({ id: "a" });
    const { vault, ref } = cube;
    const page = { access: SYSTEM, filter: {}, order: "oldest", limit: 5 } as const;
    const target = { cubeId: "cube-1", id: "t" };
    for (const cursor of ["", "x", "null", "{}", "[]", "-1", '"'] as const) {
      const paged = { ...page, cursor };
      await rejects(vault.list(ref, paged), "MEMCUBE_INVALID_INPUT");
      await rejects(vault.cubes({ tenantId: ref.tenantId, ...paged }), "MEMCUBE_INVALID_INPUT");
      await rejects(vault.edgesTo(ref, { target, ...paged }), "MEMCUBE_INVALID_INPUT");
      const ended = { afterSeq: 0, toSeq: 9, limit: 5, cursor };
      await rejects(vault.endedVersions(ref, ended), "MEMCUBE_INVALID_INPUT");
    }
  },

  "pages at a sequence number are of that time, whatever is written": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put(...times(9, (index) => ({ id: name(index) })));
    const { seq } = await cube.position();
    const all = await listPages(cube, {
      limit: 2,
      order: "oldest",
      seq,
      async afterPage(page) {
        await cube.put({
          id: page.at(-1) ?? "",
          expectedVersion: 1,
        });
        await cube.put({ id: `new after ${page.at(-1)}` });
      },
    });
    assert.deepEqual(all, times(9, name));
  },
});

async function list(
  cube: TestCube,
  filter: VaultFilter,
  order: "oldest" | "newest" = "oldest",
): Promise<string[]> {
  const page = await cube.vault.list(cube.ref, {
    access: SYSTEM,
    filter,
    order,
    limit: 100,
    withTotal: true,
  });
  assert.equal(page.total, page.items.length);
  return page.items.map(({ id }) => id);
}

async function listPages(
  cube: TestCube,
  query: {
    readonly limit: number;
    readonly order: "oldest" | "newest";
    readonly filter?: VaultFilter;
    readonly seq?: number;
    readonly afterPage?: (ids: string[]) => Promise<void>;
  },
): Promise<string[]> {
  const { afterPage, ...rest } = query;
  const found = await allPages(async (cursor) => {
    const page = await cube.vault.list(cube.ref, { access: SYSTEM, filter: {}, ...rest, cursor });
    assert.ok(page.items.length <= query.limit, "a page is not longer than its limit");
    if (page.items.length > 0) await afterPage?.(page.items.map(({ id }) => id));
    return page;
  });
  return found.map(({ id }) => id);
}
