import type { Principal } from "@memcube/core";

import { assert, times } from "../kit/checks.ts";
import { findable, idsByPath, onEveryPath } from "../kit/read-paths.ts";
import { as, newCube, SYSTEM, type TestCube } from "../kit/test-cube.ts";
import { rulesOf } from "../rule.ts";

export const principalRules = rulesOf("vault", "principals", {
  "a memory without lists of its own is seen by the cube's readers": async ({ storage }) => {
    const cube = await newCube(storage, { allow: ["role:team"] });
    await cube.put(findable({ id: "a" }));
    await assertSees(cube, { "user:ada": ["a"], "role:team": ["a"], "user:bob": [], everyone: [] });
  },

  "a memory with an allow list is seen by its owner and those on it": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put(
      findable({ id: "private", owner: "user:ada", allow: [] }),
      findable({ id: "bobs", owner: "user:bob", allow: ["role:team"] }),
      findable({ id: "open", allow: ["everyone"] }),
    );
    const seen = {
      "user:ada": ["open", "private"],
      "user:bob": ["bobs", "open"],
      "role:team": ["bobs", "open"],
      "user:eve": ["open"],
    };
    for (const [principal, ids] of Object.entries(seen)) {
      const access = as(principal as Principal, "everyone");
      const found = await idsByPath(cube, access, ["bobs", "open", "private"]);
      assert.deepEqual(found, onEveryPath(found, ids), principal);
    }
  },

  "deny wins over every allow, the owner's too": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put(
      findable({ id: "a", deny: ["user:bob"] }),
      findable({ id: "b", allow: ["user:bob", "everyone"], deny: ["user:bob"] }),
      findable({ id: "c", owner: "user:bob", deny: ["role:banned"] }),
    );
    const ids = ["a", "b", "c"];
    const check = async (principals: readonly Principal[], expected: readonly string[]) => {
      const found = await idsByPath(cube, as(...principals), ids);
      assert.deepEqual(found, onEveryPath(found, expected), principals.join());
    };
    await check(["user:ada", "everyone"], ids);
    await check(["user:bob", "everyone"], ["c"]);
    await check(["user:bob", "everyone", "role:banned"], []);
  },

  "who does not see the cube sees nothing in it": async ({ storage }) => {
    const cube = await newCube(storage, { allow: ["role:team"], deny: ["user:mallory"] });
    await cube.put(
      findable({ id: "a", allow: ["everyone", "user:eve", "user:mallory"] }),
      findable({ id: "b", owner: "user:eve", allow: [] }),
    );
    const check = async (...principals: Principal[]) =>
      (await idsByPath(cube, as(...principals), ["a", "b"]))["read"] ?? [];
    assert.deepEqual(await check("user:eve", "everyone"), []);
    assert.deepEqual(await check("user:mallory", "role:team", "everyone"), []);
    assert.deepEqual(await check("user:eve", "role:team", "everyone"), ["a", "b"]);
    await assertSees(cube, { "user:eve": [], everyone: [] }, ["a", "b"]);
  },

  "a change of the cube's lists counts at once, for the past too": async ({ storage, another }) => {
    const cube = await newCube(storage, { allow: ["role:team"] });
    const other = cube.on(await another());
    await cube.put(findable({ id: "a" }));
    await assertSees(other, { "role:team": ["a"], "role:new": [] });
    const change = cube.header({ expectedVersion: 1, allow: ["role:new"] });
    await cube.commit({ writes: [change] });
    await assertSees(other, { "role:team": [], "role:new": ["a"] });
    const past = { access: as("role:team"), seq: 2, ids: ["a"] };
    assert.deepEqual(await other.vault.read(cube.ref, past), []);
    const denying = { expectedVersion: 2, allow: ["everyone"], deny: ["role:new"] } as const;
    await cube.commit({ writes: [cube.header(denying)] });
    await assertSees(other, {
      "role:team": [],
      "role:new": [],
      everyone: ["a"],
      "user:ada": ["a"],
    });
  },

  "a memory's new lists count at once, each version by its own": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put(findable({ id: "a", allow: ["role:one"] }));
    await cube.put(findable({ id: "a", expectedVersion: 1, allow: ["role:two"] }));
    const versionsFor = async (principal: Principal) =>
      (await cube.versions("a", as(principal, "everyone"))).map(({ version }) => version);
    assert.deepEqual(await versionsFor("role:one"), [1]);
    assert.deepEqual(await versionsFor("role:two"), [2]);
    assert.deepEqual(await versionsFor("user:ada"), [2, 1]);
    const readFor = async (principal: Principal) =>
      (await cube.read("a", { access: as(principal, "everyone") }))?.version;
    assert.deepEqual([await readFor("role:one"), await readFor("role:two")], [undefined, 2]);
  },

  "pages are filled with what may be seen, and counted so": async ({ storage }) => {
    const cube = await newCube(storage);
    const all = times(60, (index) =>
      findable({
        id: `m${String(index).padStart(2, "0")}`,
        allow: index % 5 === 0 ? ["role:team"] : [],
      }),
    );
    await cube.put(...all);
    const access = as("role:team", "everyone");
    const query = { access, filter: {}, order: "oldest", limit: 10, withTotal: true } as const;
    const first = await cube.vault.list(cube.ref, query);
    assert.equal(first.items.length, 10);
    assert.equal(first.total, 12);
    const second = await cube.vault.list(cube.ref, { ...query, cursor: first.cursor });
    const listed = [...first.items, ...second.items].map(({ id }) => id);
    assert.deepEqual(
      listed,
      times(12, (index) => `m${String(index * 5).padStart(2, "0")}`),
    );
    const filtered = { ...query, filter: { tags: ["t"] } };
    assert.equal((await cube.vault.list(cube.ref, filtered)).total, 12);
  },

  "cubes are listed and counted for those who see them": async ({ storage }) => {
    await newCube(storage, { cubeId: "a", allow: [] });
    await newCube(storage, { cubeId: "b", allow: ["role:team"] });
    await newCube(storage, { cubeId: "c", allow: ["everyone"], deny: ["role:team"] });
    await newCube(storage, { cubeId: "d", owner: "user:bob", allow: [] });
    const seen = async (...principals: Principal[]) => {
      const query = { tenantId: "tenant-1", access: as(...principals), limit: 2, withTotal: true };
      const first = await storage.vault.cubes(query);
      const { cursor, items, total } = first;
      const rest =
        cursor === undefined ? [] : (await storage.vault.cubes({ ...query, cursor })).items;
      return [[...items, ...rest].map(({ ref }) => ref.cubeId).join(""), total];
    };
    assert.deepEqual(await seen("user:ada", "everyone"), ["abc", 3]);
    assert.deepEqual(await seen("user:ada", "everyone", "role:team"), ["ab", 2]);
    assert.deepEqual(await seen("user:bob", "everyone"), ["cd", 2]);
    assert.deepEqual(await seen("user:eve"), ["", 0]);
  },

  "the system sees all": async ({ storage }) => {
    const cube = await newCube(storage, { allow: [], deny: ["everyone"] });
    await cube.put(findable({ id: "a", allow: [], deny: ["everyone", "user:ada"] }));
    for (const system of ["index", "verify", "retention", "transfer", "write"] as const) {
      const found = await idsByPath(cube, { system }, ["a"]);
      assert.deepEqual(found, onEveryPath(found, ["a"]));
    }
  },

  "nobody sees anything without principals": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put(findable({ id: "a", allow: ["everyone"] }));
    const found = await idsByPath(cube, as(), ["a"]);
    assert.deepEqual(found, onEveryPath(found, []));
  },

  "a principal is compared whole, whatever characters it has": async ({ storage }) => {
    const cube = await newCube(storage);
    const names = [
      "a",
      "ab",
      "A",
      "a%",
      "a_",
      'a"',
      'a","user:b',
      "a'--",
      "a]",
      "a,b",
      "ä",
      "a\u0308",
    ];
    const principals = names.map((name): Principal => `user:${name}`);
    const inputs = principals.map((owner, index) =>
      findable({ id: `m${index}`, owner, allow: [] }),
    );
    await cube.put(...inputs);
    const ids = inputs.map(({ id }) => id);
    for (const [index, principal] of principals.entries()) {
      const found = await idsByPath(cube, as(principal, "everyone"), ids);
      assert.deepEqual(found, onEveryPath(found, [`m${index}`]), principal);
    }
  },
});

async function assertSees(
  cube: TestCube,
  expected: Readonly<Partial<Record<Principal, readonly string[]>>>,
  ids: readonly string[] = ["a"],
): Promise<void> {
  for (const [principal, seen] of Object.entries(expected)) {
    const found = await idsByPath(cube, as(principal as Principal), ids);
    assert.deepEqual(found, onEveryPath(found, seen ?? []), principal);
  }
  const system = await idsByPath(cube, SYSTEM, ids);
  assert.deepEqual(system, onEveryPath(system, ids));
}
