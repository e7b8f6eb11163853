import { assert, times } from "../kit/checks.ts";
import { eraseWrite, vectorWrite } from "../kit/content.ts";
import { newCube, SYSTEM } from "../kit/test-cube.ts";
import { rulesOf } from "../rule.ts";

export const vectorRules = rulesOf("vault", "vectors", {
  "a vector is read when it is asked for, to the bit": async ({ storage }) => {
    const cube = await newCube(storage);
    const values = [0.1, -0, 1e-45, 3.4028234663852886e38, -1, 1 / 3];
    const write = vectorWrite("a", values);
    await cube.commit({ writes: [cube.memory({ id: "a" }), write] });
    assert.equal((await cube.read("a"))?.vector, undefined);
    const { fingerprint, model, vector } = write;
    const expected = { fingerprint, model, values: vector };
    const read = await cube.read("a", { vectors: true });
    assert.ok(read?.vector?.values instanceof Float32Array);
    assert.deepEqual(read.vector, expected);
    const listed = await cube.vault.list(cube.ref, {
      access: SYSTEM,
      filter: {},
      order: "oldest",
      limit: 1,
      vectors: true,
    });
    assert.deepEqual(listed.items[0]?.vector, expected);
  },

  "a vector that is part of a larger array is stored alone": async ({ storage }) => {
    const cube = await newCube(storage);
    const vector = new Float32Array(times(64, (index) => index)).subarray(10, 13);
    const writes = [cube.memory({ id: "a" }), { ...vectorWrite("a", []), vector }];
    await cube.commit({ writes });
    const read = await cube.read("a", { vectors: true });
    assert.deepEqual(read?.vector?.values, new Float32Array([10, 11, 12]));
  },

  "a vector makes no version": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put({ id: "a" });
    const before = await cube.read("a");
    const { position } = await cube.commit({ writes: [vectorWrite("a", [1])] });
    assert.equal(position.seq, 3);
    assert.deepEqual(await cube.read("a"), before);
    assert.equal((await cube.versions("a")).length, 1);
  },

  "a later vector replaces the earlier one": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put({ id: "a" });
    await cube.commit({ writes: [vectorWrite("a", [1, 2])] });
    await cube.commit({ writes: [{ ...vectorWrite("a", [3]), model: "model-b" }] });
    const read = await cube.read("a", { vectors: true });
    assert.equal(read?.vector?.model, "model-b");
    assert.deepEqual(read.vector.values, new Float32Array([3]));
    assert.equal((await cube.vault.stats(cube.ref)).vectors, 1);
  },

  "a vector outlives updates that leave the payload as it is": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.commit({ writes: [cube.memory({ id: "a" }), vectorWrite("a", [1, 2])] });
    await cube.put({ id: "a", expectedVersion: 1, tags: ["new"] });
    const read = await cube.read("a", { vectors: true });
    assert.equal(read?.version, 2);
    assert.deepEqual(read.vector?.values, new Float32Array([1, 2]));
  },

  "a vector tells of which payload it is": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.commit({ writes: [cube.memory({ id: "a" }), vectorWrite("a", [1])] });
    await cube.put({ id: "a", expectedVersion: 1, text: "another text" });
    const stale = await cube.read("a", { vectors: true });
    const { fingerprint } = vectorWrite("a", [2], "another text");
    assert.notEqual(stale?.vector?.fingerprint, fingerprint);
    await cube.commit({ writes: [vectorWrite("a", [2], "another text")] });
    const fresh = await cube.read("a", { vectors: true });
    assert.equal(fresh?.vector?.fingerprint, fingerprint);
  },

  "a vector for a memory that is not there is dropped": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put({ id: "a" });
    await cube.commit({ writes: [eraseWrite("a")] });
    const { position } = await cube.commit({ writes: [vectorWrite("a", [1])] });
    assert.equal(position.seq, 4, "the commit is one");
    assert.equal((await cube.vault.stats(cube.ref)).vectors, 0);
    await cube.put({ id: "a", version: 2 });
    assert.equal((await cube.read("a", { vectors: true }))?.vector, undefined);
  },

  "equal ids in two cubes have vectors of their own": async ({ storage }) => {
    const one = await newCube(storage);
    const two = await newCube(storage, { tenantId: "tenant-2" });
    await one.commit({ writes: [one.memory({ id: "a" }), vectorWrite("a", [1])] });
    await two.put({ id: "a" });
    assert.equal((await two.read("a", { vectors: true }))?.vector, undefined);
    await two.commit({ writes: [vectorWrite("a", [2])] });
    const read = await one.read("a", { vectors: true });
    assert.deepEqual(read?.vector?.values, new Float32Array([1]));
  },
});
