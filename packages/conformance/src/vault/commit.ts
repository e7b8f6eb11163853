import { assert, rejects, times } from "../kit/checks.ts";
import { commitRequest } from "../kit/commit-request.ts";
import { eraseWrite, START, vectorWrite } from "../kit/content.ts";
import { newCube, SYSTEM, TENANT, TestCube } from "../kit/test-cube.ts";
import { rulesOf } from "../rule.ts";

export const commitRules = rulesOf("vault", "commit", {
  "the first commit creates the cube at sequence number 1": async ({ storage }) => {
    const cube = new TestCube(storage, { tenantId: TENANT, cubeId: "new" });
    assert.equal(await cube.vault.cube(cube.ref), undefined);
    const header = cube.header({ title: "Trips" });
    const receipt = await cube.commit({ writes: [header], epoch: "e", at: START + 5 });
    assert.equal(receipt.replayed, false);
    assert.equal(receipt.at, START + 5);
    assert.deepEqual({ ...receipt.position, head: "" }, { epoch: "e", seq: 1, head: "" });
    const { content, salt, commitment } = header;
    assert.deepEqual(await cube.vault.cube(cube.ref), {
      ref: cube.ref,
      version: 1,
      content,
      salt,
      commitment,
      position: receipt.position,
      at: START + 5,
    });
  },

  "a cube and its first memories are created in one commit": async ({ storage }) => {
    const cube = new TestCube(storage, { tenantId: TENANT, cubeId: "new" });
    const { position } = await cube.commit({
      writes: [cube.header({}), cube.memory({ id: "a" }), cube.memory({ id: "b" })],
    });
    assert.equal(position.seq, 1);
    assert.deepEqual(await cube.ids(), ["a", "b"]);
  },

  "every kind of write goes together in one commit": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put({ id: "old" }, { id: "changed" });
    const { position } = await cube.commit({
      writes: [
        cube.header({ expectedVersion: 1, allow: ["everyone"], title: "New" }),
        cube.memory({ id: "changed", expectedVersion: 1, text: "new" }),
        cube.memory({ id: "added" }),
        vectorWrite("added", [1, 2]),
        eraseWrite("old"),
      ],
    });
    assert.equal(position.seq, 3);
    assert.equal((await cube.vault.cube(cube.ref))?.version, 2);
    assert.deepEqual(await cube.ids(), ["changed", "added"]);
    const added = await cube.read("added", { vectors: true });
    assert.deepEqual(added?.vector?.values, new Float32Array([1, 2]));
    for (const id of ["changed", "added"]) assert.equal((await cube.read(id))?.fromSeq, 3);
  },

  "a commit that fails in its last write leaves nothing of the others": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put({ id: "a", externalKey: "key-a" }, { id: "gone" });
    const before = await everything(cube);
    const idempotency = { key: "once", expiresAt: START + 1_000 };
    const task = { key: "t", tenantId: TENANT, cubeId: cube.ref.cubeId, type: "work", payload: {} };
    const writes = [
      cube.header({ expectedVersion: 1, title: "Never" }),
      cube.memory({ id: "b", externalKey: "key-b" }),
      cube.memory({ id: "a", expectedVersion: 1, text: "never" }),
      eraseWrite("gone"),
      vectorWrite("a", [1]),
    ];
    const stale = cube.memory({ id: "c", expectedVersion: 7 });
    const twice = cube.memory({ id: "c", externalKey: "key-b" });
    const failing = { tasks: [task], idempotency };
    await rejects(cube.commit({ ...failing, writes: [...writes, stale] }), "MEMCUBE_CONFLICT");
    await rejects(cube.commit({ ...failing, writes: [...writes, twice] }), "MEMCUBE_DUPLICATE_KEY");
    assert.deepEqual(await everything(cube), before);
    assert.deepEqual(await storage.queue.states(TENANT, ["t"]), ["finished"]);
    const again = await cube.commit({ writes, idempotency });
    assert.equal(again.replayed, false, "the key of a failed commit is not remembered");
    assert.equal(again.position.seq, 3);
  },

  "a commit that fails creates no cube": async ({ storage }) => {
    const cube = new TestCube(storage, { tenantId: TENANT, cubeId: "never" });
    const [one, two] = ["a", "b"].map((id) => cube.memory({ id, externalKey: "same" }));
    const writes = [cube.header({}), one, two].filter((write) => write !== undefined);
    await rejects(cube.commit({ writes }), "MEMCUBE_DUPLICATE_KEY");
    assert.equal(await cube.vault.cube(cube.ref), undefined);
    assert.deepEqual(await cube.log(), []);
    assert.equal((await cube.commit({ writes: [cube.header({})] })).position.seq, 1);
  },

  "a cube that is not there is not written to": async ({ storage }) => {
    const cube = new TestCube(storage, { tenantId: TENANT, cubeId: "nowhere" });
    await rejects(cube.put({ id: "a" }), "MEMCUBE_CUBE_NOT_FOUND");
    await rejects(cube.commit({ writes: [eraseWrite("a")] }), "MEMCUBE_CUBE_NOT_FOUND");
    assert.equal(await cube.vault.cube(cube.ref), undefined);
    assert.deepEqual(await cube.ids(), []);
  },

  "a cube is created once": async ({ storage }) => {
    const cube = await newCube(storage, { title: "First", epoch: "first" });
    const again = { writes: [cube.header({ title: "Second" })], epoch: "second" };
    await rejects(cube.commit(again), "MEMCUBE_CUBE_EXISTS");
    const stored = await cube.vault.cube(cube.ref);
    assert.equal(stored?.position.epoch, "first");
    assert.match(stored.content, /First/);
  },

  "commits to one cube leave others as they are": async ({ storage }) => {
    const cube = await newCube(storage, { cubeId: "one" });
    const other = await newCube(storage, { cubeId: "two" });
    const foreign = await newCube(storage, { cubeId: "one", tenantId: "tenant-2" });
    const before = [await everything(other), await everything(foreign)];
    await cube.putEach(...times(5, (index) => ({ id: `m${index}` })));
    assert.deepEqual([await everything(other), await everything(foreign)], before);
    assert.equal((await other.put({ id: "m0" })).position.seq, 2);
    assert.equal((await foreign.put({ id: "m0" })).position.seq, 2);
  },

  "a commit with an empty list of writes is a line of the log": async ({ storage }) => {
    const cube = await newCube(storage);
    const request = { ...commitRequest({ cube: cube.ref, writes: [eraseWrite("a")] }), writes: [] };
    assert.equal((await cube.vault.commit(request)).position.seq, 2);
    assert.equal((await cube.log()).at(-1)?.body, request.body);
  },

  "what a caller does with its objects later changes nothing": async ({ storage }) => {
    const cube = await newCube(storage);
    const vector = vectorWrite("a", [1, 2, 3]);
    await cube.commit({ writes: [cube.memory({ id: "a" }), vector] });
    vector.vector.fill(9);
    const read = await cube.read("a", { vectors: true });
    assert.deepEqual(read?.vector?.values, new Float32Array([1, 2, 3]));
    read.vector.values.fill(9);
    const again = await cube.read("a", { vectors: true });
    assert.deepEqual(again?.vector?.values, new Float32Array([1, 2, 3]));
  },
});

async function everything(cube: TestCube): Promise<unknown> {
  const { vault, ref } = cube;
  return {
    cube: await vault.cube(ref),
    log: await cube.log(),
    memories: await vault.read(ref, { access: SYSTEM, ids: await cube.ids(), vectors: true }),
    keys: await vault.readByKey(ref, { access: SYSTEM, externalKeys: ["key-a", "key-b"] }),
    stats: await vault.stats(ref),
  };
}
