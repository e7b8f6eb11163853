import fc from "fast-check";

import { assert, times } from "../kit/checks.ts";
import { eraseWrite, vectorWrite } from "../kit/content.ts";
import { HOSTILE_NAMES, wellFormedName } from "../kit/hostile-names.ts";
import { as, newCube, SYSTEM, type TestCube } from "../kit/test-cube.ts";
import { rulesOf } from "../rule.ts";

export const hostileRules = rulesOf("vault", "hostile names and texts", {
  "memories are told apart by any id, key, tag and session": async ({ storage }) => {
    const cube = await newCube(storage);
    const inputs = HOSTILE_NAMES.map((name) => ({
      id: name,
      externalKey: name,
      tags: [name],
      sessionId: name,
      text: `text of ${name}`,
    }));
    await cube.put(...inputs);
    await cube.commit({ writes: HOSTILE_NAMES.map((name, index) => vectorWrite(name, [index])) });
    assert.deepEqual(await cube.ids(), HOSTILE_NAMES);
    for (const [index, name] of HOSTILE_NAMES.entries()) await assertOnly(cube, name, index);
  },

  "erasing one of them erases that one": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put(...HOSTILE_NAMES.map((id) => ({ id })));
    const left = [...HOSTILE_NAMES];
    for (const id of HOSTILE_NAMES.filter((_, index) => index % 3 === 0)) {
      await cube.commit({ writes: [eraseWrite(id, 1)] });
      left.splice(left.indexOf(id), 1);
      assert.deepEqual(await cube.ids(), left);
    }
  },

  "cubes are told apart by any id, in any tenant": async ({ storage }) => {
    const names = HOSTILE_NAMES.filter((_, index) => index % 2 === 0);
    for (const cubeId of names) await (await newCube(storage, { cubeId })).put({ id: cubeId });
    for (const tenantId of names) {
      await (await newCube(storage, { tenantId, cubeId: "c" })).put({ id: tenantId });
    }
    const { items } = await storage.vault.cubes({
      tenantId: "tenant-1",
      access: SYSTEM,
      limit: 1_000,
    });
    assert.deepEqual(items.map(({ ref }) => ref.cubeId).toSorted(), names.toSorted());
    for (const name of names) {
      const listed = await storage.vault.cubes({ tenantId: name, access: SYSTEM, limit: 10 });
      assert.deepEqual(
        listed.items.map(({ ref }) => ref),
        [{ tenantId: name, cubeId: "c" }],
      );
      assert.equal(await storage.vault.dropCube({ tenantId: name, cubeId: "c" }), true);
    }
    const rest = await storage.vault.cubes({ tenantId: "tenant-1", access: SYSTEM, limit: 1_000 });
    assert.equal(rest.items.length, names.length);
  },

  "tenant and cube can't be confused by how they are joined": async ({ storage }) => {
    const pairs = [
      "a:b|c",
      "a|b:c",
      "a:b:c|d",
      "a|b:c:d",
      "a/b|c",
      "a|b/c",
      'a"|b',
      'a|"b',
      "a,b|c",
      "a|b,c",
      "{a}|b",
      "a|{b}",
    ];
    for (const pair of pairs) {
      const [tenantId = "", cubeId = ""] = pair.split("|");
      await (await newCube(storage, { tenantId, cubeId })).put({ id: "m", text: pair });
    }
    for (const pair of pairs) {
      const [tenantId = "", cubeId = ""] = pair.split("|");
      const [row] = await storage.vault.read({ tenantId, cubeId }, { access: SYSTEM, ids: ["m"] });
      assert.ok(row?.content.includes(JSON.stringify(pair).slice(1, -1)), pair);
    }
  },

  "texts come back as they were": async ({ storage }) => {
    const cube = await newCube(storage);
    const texts = [
      "\0",
      "a\0b",
      "",
      "\r\n	",
      "\\u0041",
      "\\",
      '"',
      "'; DROP TABLE",
      "%s %_*",
      "🧊👨‍👩",
      "é é",
      "\u2028\u2029﻿�￿",
      "عربى עברית",
      "\ud800",
      "東京",
    ];
    const writes = texts.map((text, index) => cube.memory({ id: `m${index}`, text, terms: "" }));
    await cube.commit({ writes });
    for (const [index, write] of writes.entries()) {
      assert.equal(
        (await cube.read(`m${index}`))?.content,
        write.content,
        JSON.stringify(texts[index]),
      );
    }
  },

  "any id that the core lets through is kept as it is": async ({ storage }) => {
    const cube = await newCube(storage);
    const names = fc.uniqueArray(wellFormedName(), { minLength: 1, maxLength: 40 });
    let round = 0;
    await fc.assert(
      fc.asyncProperty(names, async (ids) => {
        round += 1;
        const own = await newCube(storage, { cubeId: `round-${round}` });
        await own.put(...ids.map((id) => ({ id, externalKey: id, tags: [id] })));
        assert.deepEqual(await own.ids(), ids);
        const query = { access: SYSTEM, externalKeys: ids };
        const byKey = await own.vault.readByKey(own.ref, query);
        assert.deepEqual(
          byKey.map(({ id }) => id),
          ids,
        );
      }),
      { numRuns: 15 },
    );
    assert.deepEqual(await cube.ids({ access: as("everyone") }), []);
  },

  "ids that are names of an object's own things are ids": async ({ storage }) => {
    const cube = await newCube(storage);
    const ids = ["__proto__", "constructor", "toString", "hasOwnProperty", "length", "0", "-1"];
    assert.deepEqual(await cube.vault.read(cube.ref, { access: SYSTEM, ids }), []);
    for (const id of ids) assert.equal(await cube.vault.mark(cube.ref, id), undefined);
    await cube.put(...ids.map((id) => ({ id })));
    for (const id of ids) await cube.vault.setMark(cube.ref, id, id);
    const marks = await Promise.all(ids.map((id) => cube.vault.mark(cube.ref, id)));
    assert.deepEqual([await cube.ids(), marks], [ids, ids]);
    await storage.usage.add(times(2, () => ({ cube: cube.ref, id: "__proto__", reads: 1, at: 1 })));
    assert.equal((await storage.usage.get(cube.ref, ids)).get("__proto__")?.reads, 2);
  },
});

/** Asserts that every way to one memory leads to that one alone. */
async function assertOnly(cube: TestCube, name: string, index: number): Promise<void> {
  const { vault, ref } = cube;
  const page = { access: SYSTEM, order: "oldest", limit: 100 } as const;
  const paths = [
    await vault.read(ref, { access: SYSTEM, ids: [name] }),
    await vault.readByKey(ref, { access: SYSTEM, externalKeys: [name] }),
    (await vault.list(ref, { ...page, filter: { tags: [name] } })).items,
    (await vault.list(ref, { ...page, filter: { sessionId: name } })).items,
    await cube.versions(name),
  ];
  for (const rows of paths)
    assert.deepEqual(
      rows.map(({ id }) => id),
      [name],
    );
  const read = await cube.read(name, { vectors: true });
  assert.deepEqual(read?.vector?.values, new Float32Array([index]), name);
}
