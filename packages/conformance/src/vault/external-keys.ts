import { assert, race, rejects, times } from "../kit/checks.ts";
import { eraseWrite } from "../kit/content.ts";
import { newCube, SYSTEM, type TestCube } from "../kit/test-cube.ts";
import { rulesOf } from "../rule.ts";

export const externalKeyRules = rulesOf("vault", "external keys", {
  "an external key has one memory of a cube": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put({ id: "a", externalKey: "k" });
    const second = cube.put({ id: "b", externalKey: "k" });
    await rejects(second, "MEMCUBE_DUPLICATE_KEY", { id: "a" });
    await cube.put({ id: "b" });
    const update = cube.put({ id: "b", expectedVersion: 1, externalKey: "k" });
    await rejects(update, "MEMCUBE_DUPLICATE_KEY", { id: "a" });
    assert.deepEqual(await holders(cube, "k"), ["a"]);
  },

  "two memories of one commit can't have the same key": async ({ storage }) => {
    const cube = await newCube(storage);
    const both = cube.put({ id: "a", externalKey: "k" }, { id: "b", externalKey: "k" });
    await rejects(both, "MEMCUBE_DUPLICATE_KEY");
    assert.deepEqual(await cube.ids(), []);
  },

  "a memory keeps its key through updates": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put({ id: "a", externalKey: "k" });
    await cube.put({ id: "a", expectedVersion: 1, externalKey: "k", text: "new" });
    assert.deepEqual(await holders(cube, "k"), ["a"]);
    const [found] = await cube.vault.readByKey(cube.ref, { access: SYSTEM, externalKeys: ["k"] });
    assert.equal(found?.version, 2);
  },

  "a key that its memory gave up is free": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put({ id: "a", externalKey: "k" }, { id: "b", externalKey: "l" });
    await cube.put({ id: "a", expectedVersion: 1, externalKey: "m" });
    await cube.put({ id: "c", externalKey: "k" });
    await cube.commit({ writes: [eraseWrite("b")] });
    await cube.put({ id: "d", externalKey: "l" });
    assert.deepEqual(await holders(cube, "k", "l", "m"), ["c", "d", "a"]);
  },

  "a key can be handed over in one commit": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put({ id: "a", externalKey: "k" });
    await cube.put({ id: "a", expectedVersion: 1 }, { id: "b", externalKey: "k" });
    assert.deepEqual(await holders(cube, "k"), ["b"]);
    const successor = cube.memory({ id: "c", externalKey: "k" });
    await cube.commit({ writes: [eraseWrite("b"), successor] });
    assert.deepEqual(await holders(cube, "k"), ["c"]);
  },

  "a stale version is told before a duplicate key": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put({ id: "a", externalKey: "k" });
    const both = cube.put({ id: "b", externalKey: "k" }, { id: "a", expectedVersion: 5 });
    await rejects(both, "MEMCUBE_CONFLICT", { id: "a" });
  },

  "keys of other cubes don't count": async ({ storage }) => {
    const cubes = [
      await newCube(storage),
      await newCube(storage, { cubeId: "cube-2" }),
      await newCube(storage, { tenantId: "tenant-2" }),
    ];
    for (const [index, cube] of cubes.entries())
      await cube.put({ id: `m${index}`, externalKey: "k" });
    const found = await Promise.all(cubes.map((cube) => holders(cube, "k")));
    assert.deepEqual(found, [["m0"], ["m1"], ["m2"]]);
  },

  "memories are read by key in the order asked": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put({ id: "a", externalKey: "1" }, { id: "b", externalKey: "2" }, { id: "2" });
    assert.deepEqual(await holders(cube, "2", "nope", "1"), ["b", "a"]);
    assert.deepEqual(await holders(cube), []);
  },

  "of memories put under one key at the same time one is": async ({ storage, another }) => {
    const cube = await newCube(storage);
    const handles = [cube, cube.on(await another())];
    const calls = times(10, (index) => () => {
      const handle = handles[index % 2] ?? cube;
      return handle.put({ id: `m${index}`, externalKey: "k" });
    });
    const { won } = await race(calls, "MEMCUBE_DUPLICATE_KEY");
    assert.equal(won.length, 1);
    assert.deepEqual(await holders(cube, "k"), await cube.ids());
  },
});

async function holders(cube: TestCube, ...externalKeys: readonly string[]): Promise<string[]> {
  const found = await cube.vault.readByKey(cube.ref, { access: SYSTEM, externalKeys });
  return found.map(({ id }) => id);
}
