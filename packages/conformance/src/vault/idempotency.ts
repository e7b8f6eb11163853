import { assert, race, rejects, times } from "../kit/checks.ts";
import { START } from "../kit/content.ts";
import { newCube, TENANT, TestCube } from "../kit/test-cube.ts";
import { rulesOf } from "../rule.ts";

const DAY_MS = 24 * 3_600_000;
const ONCE = { key: "once", expiresAt: START + DAY_MS };

export const idempotencyRules = rulesOf("vault", "idempotency", {
  "the second commit under a key writes nothing and gets the first receipt": async ({
    storage,
  }) => {
    const cube = await newCube(storage);
    const first = await cube.commit({
      writes: [cube.memory({ id: "a" })],
      idempotency: ONCE,
      at: START + 10,
      commitId: "first",
    });
    await cube.put({ id: "b" });
    const second = await cube.commit({
      writes: [cube.memory({ id: "c" })],
      idempotency: ONCE,
      at: START + 20,
      commitId: "second",
    });
    assert.deepEqual(second, { ...first, replayed: true });
    assert.deepEqual(await cube.ids(), ["a", "b"]);
    assert.equal((await cube.position()).seq, 3);
  },

  "a key is looked at before versions and external keys": async ({ storage }) => {
    const cube = await newCube(storage);
    const writes = [cube.memory({ id: "a", externalKey: "k" })];
    await cube.commit({ writes, idempotency: ONCE });
    assert.equal((await cube.commit({ writes, idempotency: ONCE })).replayed, true);
    const other = { writes: [cube.memory({ id: "b", externalKey: "k" })], idempotency: ONCE };
    assert.equal((await cube.commit(other)).replayed, true);
  },

  "a cube created under a key is created once": async ({ storage }) => {
    const cube = new TestCube(storage, { tenantId: TENANT, cubeId: "new" });
    const creation = { writes: [cube.header({})], idempotency: ONCE };
    const first = await cube.commit(creation);
    assert.deepEqual(await cube.commit(creation), { ...first, replayed: true });
    await rejects(cube.commit({ writes: creation.writes }), "MEMCUBE_CUBE_EXISTS");
  },

  "tasks of a commit are not queued again by its replay": async ({ storage }) => {
    const cube = await newCube(storage);
    const task = { key: "t", tenantId: TENANT, cubeId: "cube-1", type: "work", payload: {} };
    const input = { writes: [cube.memory({ id: "a" })], tasks: [task], idempotency: ONCE };
    await cube.commit(input);
    const query = { types: ["work"], limit: 10, now: START, leaseMs: 1_000, worker: "w" };
    const [leased] = await storage.queue.lease(query);
    assert.equal(leased?.key, "t");
    await storage.queue.complete(leased);
    await cube.commit(input);
    assert.deepEqual(await storage.queue.lease(query), []);
  },

  "a key belongs to its cube": async ({ storage }) => {
    const cubes = [
      await newCube(storage, { cubeId: "one" }),
      await newCube(storage, { cubeId: "two" }),
      await newCube(storage, { cubeId: "one", tenantId: "tenant-2" }),
    ];
    for (const cube of cubes) {
      const receipt = await cube.commit({ writes: [cube.memory({ id: "a" })], idempotency: ONCE });
      assert.equal(receipt.replayed, false);
      assert.deepEqual(await cube.ids(), ["a"]);
    }
  },

  "a key is forgotten when it expires": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.commit({ writes: [cube.memory({ id: "a" })], idempotency: ONCE });
    const writes = [cube.memory({ id: "b" })];
    const expiresAt = ONCE.expiresAt + DAY_MS;
    const at = ONCE.expiresAt - 1;
    assert.equal((await cube.commit({ writes, idempotency: ONCE, at })).replayed, true);
    const late = { writes, idempotency: { key: ONCE.key, expiresAt }, at: ONCE.expiresAt };
    assert.equal((await cube.commit(late)).replayed, false);
    assert.equal((await cube.commit(late)).replayed, true, "the key counts again");
    assert.deepEqual(await cube.ids(), ["a", "b"]);
  },

  "of commits under one key at the same time one is written": async ({ storage, another }) => {
    const cube = await newCube(storage);
    const handles = [cube, cube.on(await another())];
    const { won } = await race(
      times(10, (index) => () => {
        const handle = handles[index % 2] ?? cube;
        const writes = [handle.memory({ id: `m${index}` })];
        return handle.commit({ writes, idempotency: ONCE, commitId: `commit-${index}` });
      }),
    );
    assert.equal(won.filter(({ replayed }) => !replayed).length, 1);
    assert.equal(new Set(won.map(({ position, body }) => `${position.seq} ${body}`)).size, 1);
    assert.equal((await cube.ids()).length, 1);
    assert.equal((await cube.position()).seq, 2);
  },

  "a receipt is there after its commit moved to a history segment": async ({ storage }) => {
    const cube = await newCube(storage);
    const first = await cube.commit({ writes: [cube.memory({ id: "a" })], idempotency: ONCE });
    await cube.put({ id: "b" });
    const { seq: toSeq, head } = first.position;
    const segment = { fromSeq: 1, toSeq, head, toAt: first.at, blob: "0".repeat(64), sizeBytes: 1 };
    await cube.vault.addSegment(cube.ref, segment);
    const again = await cube.commit({ writes: [cube.memory({ id: "c" })], idempotency: ONCE });
    assert.deepEqual(again, { ...first, replayed: true });
  },
});
