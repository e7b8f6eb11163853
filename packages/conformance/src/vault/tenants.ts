import { assert, times } from "../kit/checks.ts";
import { eraseWrite, START } from "../kit/content.ts";
import { findable, idsByPath, onEveryPath, TARGET } from "../kit/read-paths.ts";
import { as, newCube, SYSTEM, TestCube } from "../kit/test-cube.ts";
import { rulesOf } from "../rule.ts";

export const tenantRules = rulesOf("vault", "tenants and cubes", {
  "no read path of a cube leads into another": async ({ storage }) => {
    const cube = await newCube(storage);
    const neighbours = [
      await newCube(storage, { tenantId: "tenant-2" }),
      await newCube(storage, { cubeId: "cube-2" }),
      await newCube(storage, { tenantId: "tenant-2", cubeId: "cube-2" }),
    ];
    for (const neighbour of neighbours) await neighbour.put(findable({ id: "theirs" }));
    await cube.put(findable({ id: "mine" }));
    for (const access of [SYSTEM, as("everyone")]) {
      const found = await idsByPath(cube, access, ["mine", "theirs"]);
      assert.deepEqual(found, onEveryPath(found, ["mine"]));
    }
  },

  "equal ids in several cubes are different memories": async ({ storage }) => {
    const cubes = [
      await newCube(storage),
      await newCube(storage, { tenantId: "tenant-2" }),
      await newCube(storage, { cubeId: "cube-2" }),
    ];
    for (const [index, cube] of cubes.entries()) {
      await cube.put({ id: "same", text: `text ${index}`, externalKey: "same" });
    }
    for (const [index, cube] of cubes.entries()) {
      const { content } = cube.memory({ id: "same", text: `text ${index}`, externalKey: "same" });
      assert.equal((await cube.read("same"))?.content, content);
      assert.equal((await cube.versions("same"))[0]?.content, content);
    }
    await cubes[0]?.commit({ writes: [eraseWrite("same")] });
    const left = await Promise.all(cubes.map((cube) => cube.ids()));
    assert.deepEqual(left, [[], ["same"], ["same"]]);
  },

  "a cube that is not there is empty on every path": async ({ storage }) => {
    await newCube(storage);
    const nowhere = new TestCube(storage, { tenantId: "tenant-1", cubeId: "nowhere" });
    const found = await idsByPath(nowhere, SYSTEM, ["a"]);
    assert.deepEqual(found, onEveryPath(found, []));
    const { vault, ref } = nowhere;
    assert.equal(await vault.cube(ref), undefined);
    assert.deepEqual(await vault.seals(ref, { afterSeq: 0, limit: 10 }), []);
    assert.deepEqual(await vault.segments(ref), []);
    assert.equal(await vault.mark(ref, "m"), undefined);
    assert.equal(await vault.dropCube(ref), false);
    const none = { memories: 0, versions: 0, vectors: 0, commits: 0, segments: 0, contentBytes: 0 };
    assert.deepEqual(await vault.stats(ref), none);
  },

  "the cubes of a tenant are listed by id, in pages": async ({ storage }) => {
    const ids = times(7, (index) => `c${index}`);
    for (const cubeId of ids.toReversed()) await newCube(storage, { cubeId });
    await newCube(storage, { cubeId: "c3b", tenantId: "tenant-2" });
    const query = { tenantId: "tenant-1", access: SYSTEM, limit: 3, withTotal: true };
    const first = await storage.vault.cubes(query);
    assert.equal(first.total, 7);
    await storage.vault.dropCube({ tenantId: "tenant-1", cubeId: "c2" });
    await newCube(storage, { cubeId: "c2b" });
    const second = await storage.vault.cubes({ ...query, cursor: first.cursor });
    const third = await storage.vault.cubes({ ...query, cursor: second.cursor });
    const listed = [...first.items, ...second.items, ...third.items].map(({ ref }) => ref.cubeId);
    assert.deepEqual(listed, ["c0", "c1", "c2", "c2b", "c3", "c4", "c5", "c6"]);
    assert.equal((await storage.vault.cubes({ ...query, withTotal: false })).total, undefined);
    const none = await storage.vault.cubes({ ...query, tenantId: "tenant-3" });
    assert.deepEqual([none.items, none.cursor, none.total], [[], undefined, 0]);
  },

  "dropping a cube destroys all it holds": async ({ storage }) => {
    const cube = await newCube(storage);
    const { vault, ref } = cube;
    const kept = await newCube(storage, { cubeId: "kept" });
    await kept.put(findable({ id: "a" }));
    const idempotency = { key: "once", expiresAt: START + 1_000 };
    await cube.commit({ writes: [cube.memory(findable({ id: "a" }))], idempotency });
    const lease = { name: "work", holder: "one", now: START, until: START + 1_000 };
    await vault.lease(ref, lease);
    await vault.setMark(ref, "mark", "value");
    const sealed = { fromSeq: 1, toSeq: 1, root: "r", at: START, sealer: "s" };
    await vault.seal(ref, sealed);
    const { seq: toSeq, head } = await cube.position();
    await vault.addSegment(ref, { fromSeq: 1, toSeq, head, toAt: START, blob: "b", sizeBytes: 1 });
    await storage.usage.add([{ cube: ref, id: "a", reads: 1, at: START }]);

    assert.deepEqual([await vault.dropCube(ref), await vault.dropCube(ref)], [true, false]);
    assert.equal(await vault.cube(ref), undefined);
    const empty = await idsByPath(cube, SYSTEM, ["a"]);
    assert.deepEqual(empty, onEveryPath(empty, []));
    await newCube(storage);
    const found = await idsByPath(cube, SYSTEM, ["a"]);
    assert.deepEqual(found, onEveryPath(found, []));
    assert.equal((await cube.log()).length, 1);
    assert.deepEqual(await vault.seals(ref, { afterSeq: 0, limit: 10 }), []);
    assert.deepEqual(await vault.segments(ref), []);
    assert.equal(await vault.mark(ref, "mark"), undefined);
    assert.equal(await vault.lease(ref, { ...lease, holder: "two" }), true);
    assert.equal((await storage.usage.get(ref, ["a"])).size, 0);
    const writes = [cube.memory({ id: "b" })];
    assert.equal((await cube.commit({ writes, idempotency })).replayed, false);
    const neighbour = await vault.edgesTo(kept.ref, { target: TARGET, access: SYSTEM, limit: 10 });
    assert.equal(neighbour.items.length, 1);
  },
});
