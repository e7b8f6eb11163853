import { isMemCubeError } from "@memcube/core";

import { assert, race, rejects, times } from "../kit/checks.ts";
import { eraseWrite, START } from "../kit/content.ts";
import { newCube, TENANT, TestCube } from "../kit/test-cube.ts";
import { rulesOf } from "../rule.ts";

const WRITERS = 12;

export const compareAndSetRules = rulesOf("vault", "compare and set", {
  "a put needs the current version": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put({ id: "a" });
    await cube.put({ id: "a", expectedVersion: 1 });
    for (const expected of [0, 1, 3]) {
      const stale = cube.put({ id: "a", expectedVersion: expected });
      await rejects(stale, "MEMCUBE_CONFLICT", { id: "a", expected, actual: 2 });
    }
    const missing = cube.put({ id: "b", expectedVersion: 1 });
    await rejects(missing, "MEMCUBE_CONFLICT", { id: "b", expected: 1, actual: 0 });
    assert.equal((await cube.put({ id: "a", expectedVersion: 2 })).position.seq, 4);
  },

  "the version written is the one that the request names": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put({ id: "a", version: 7 });
    assert.equal((await cube.read("a"))?.version, 7);
    await rejects(cube.put({ id: "a", expectedVersion: 1 }), "MEMCUBE_CONFLICT", { actual: 7 });
    await cube.put({ id: "a", expectedVersion: 7 });
    assert.equal((await cube.read("a"))?.version, 8);
  },

  "an erase with an expected version needs the current one": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put({ id: "a" });
    const stale = cube.commit({ writes: [eraseWrite("a", 2)] });
    await rejects(stale, "MEMCUBE_CONFLICT", { id: "a", expected: 2, actual: 1 });
    assert.deepEqual(await cube.ids(), ["a"]);
    await cube.commit({ writes: [eraseWrite("a", 1)] });
    assert.deepEqual(await cube.ids(), []);
  },

  "an erase without one erases what is there, if anything": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put({ id: "a" });
    await cube.put({ id: "a", expectedVersion: 1 });
    await cube.commit({ writes: [eraseWrite("a"), eraseWrite("never")] });
    assert.deepEqual(await cube.ids(), []);
    assert.equal((await cube.commit({ writes: [eraseWrite("a")] })).position.seq, 5);
  },

  "the header of a cube needs the current version": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.commit({ writes: [cube.header({ expectedVersion: 1, title: "Two" })] });
    const stale = cube.commit({ writes: [cube.header({ expectedVersion: 1, title: "No" })] });
    await rejects(stale, "MEMCUBE_CONFLICT", { id: "@cube", expected: 1, actual: 2 });
    assert.match((await cube.vault.cube(cube.ref))?.content ?? "", /Two/);
  },

  "a commit authorised under a replaced header is refused": async ({ storage }) => {
    const cube = await newCube(storage);
    const writes = [cube.memory({ id: "a" })];
    await cube.commit({ writes: [cube.header({ expectedVersion: 1, deny: ["user:ada"] })] });
    const details = { id: "@cube", expected: 1, actual: 2 };
    await rejects(cube.commit({ writes, cubeVersion: 1 }), "MEMCUBE_CONFLICT", details);
    const stale = [cube.memory({ id: "a", expectedVersion: 9 })];
    const both = cube.commit({ writes: stale, cubeVersion: 1 });
    await rejects(both, "MEMCUBE_CONFLICT", { id: "@cube" });
    assert.deepEqual(await cube.ids(), []);
    assert.equal((await cube.commit({ writes, cubeVersion: 2 })).position.seq, 3);
  },

  "a commit authorised under another header of that version is refused": async ({ storage }) => {
    const cube = await newCube(storage, { title: "First" });
    const first = (await cube.vault.cube(cube.ref))?.commitment;
    assert.ok(first !== undefined && first !== "");
    const writes = [cube.memory({ id: "a" })];
    const under = { cubeVersion: 1, cubeCommitment: first };
    const stale = [cube.memory({ id: "a", expectedVersion: 9 })];
    const early = cube.commit({ writes: stale, ...under });
    await rejects(early, "MEMCUBE_CONFLICT", { id: "a" });

    await cube.vault.dropCube(cube.ref);
    await rejects(cube.commit({ writes, ...under }), "MEMCUBE_CUBE_NOT_FOUND");
    await cube.commit({ writes: [cube.header({ title: "Second" })], epoch: "epoch-2" });
    const second = (await cube.vault.cube(cube.ref))?.commitment;
    const details = { id: "@cube", expected: first, actual: second };
    await rejects(cube.commit({ writes, ...under }), "MEMCUBE_CONFLICT", details);
    await rejects(cube.commit({ writes: stale, ...under }), "MEMCUBE_CONFLICT", { id: "@cube" });
    assert.deepEqual(await cube.ids(), []);
    const receipt = await cube.commit({ writes, cubeVersion: 1, cubeCommitment: second });
    assert.equal(receipt.position.seq, 2);
  },

  "a commitment of an earlier header is another header's": async ({ storage }) => {
    const cube = await newCube(storage);
    const first = (await cube.vault.cube(cube.ref))?.commitment;
    await cube.commit({ writes: [cube.header({ expectedVersion: 1, deny: ["user:ada"] })] });
    const writes = [cube.memory({ id: "a" })];
    const late = cube.commit({ writes, cubeCommitment: first });
    await rejects(late, "MEMCUBE_CONFLICT", { id: "@cube", expected: first });
    assert.deepEqual(await cube.ids(), []);
    const second = (await cube.vault.cube(cube.ref))?.commitment;
    const next = cube.header({ expectedVersion: 2, title: "Third" });
    await cube.commit({ writes: [...writes, next], cubeCommitment: second });
    assert.equal((await cube.vault.cube(cube.ref))?.version, 3);
  },

  "a commit that was made already counts, whatever header it names": async ({ storage }) => {
    const cube = await newCube(storage);
    const idempotency = { key: "key-1", expiresAt: START + 1_000 };
    const writes = [cube.memory({ id: "a" })];
    const { position } = await cube.commit({ writes, idempotency });
    const again = await cube.commit({
      writes,
      idempotency,
      cubeVersion: 0,
      cubeCommitment: "none",
    });
    assert.deepEqual(again.position, position);
    assert.equal(again.replayed, true);
  },

  "of a revocation and a write under the old header only one order is possible": async (
    context,
  ) => {
    const cube = await newCube(context.storage);
    const other = cube.on(await context.another());
    for (const round of times(6, (index) => index + 1)) {
      const revocation = cube.header({ expectedVersion: round });
      const write = other.memory({ id: `m${round}` });
      const { won } = await race(
        [
          () => cube.commit({ writes: [revocation] }),
          () => other.commit({ writes: [write], cubeVersion: round }),
        ],
        "MEMCUBE_CONFLICT",
      );
      const written = await cube.read(`m${round}`);
      const [header] = await cube.versions("@cube");
      assert.equal(header?.version, round + 1);
      assert.equal(written !== undefined, won.length === 2);
      if (written !== undefined) assert.ok(written.fromSeq < header.fromSeq);
    }
  },

  "of writers with the same expected version one wins": async ({ storage, another }) => {
    const cube = await newCube(storage);
    const handles = [cube, cube.on(await another())];
    await cube.put({ id: "a" });
    const calls = times(WRITERS, (index) => () => {
      const handle = handles[index % 2] ?? cube;
      return handle.put({ id: "a", expectedVersion: 1, text: `by ${index}` });
    });
    const { won, lost } = await race(calls, "MEMCUBE_CONFLICT");
    assert.deepEqual([won.length, lost], [1, WRITERS - 1]);
    assert.equal((await cube.position()).seq, 3);
    assert.equal((await cube.versions("a")).length, 2);
  },

  "of writers that add the same id one wins": async ({ storage, another }) => {
    const cube = await newCube(storage);
    const handles = [cube, cube.on(await another())];
    const calls = times(WRITERS, (index) => () => {
      const handle = handles[index % 2] ?? cube;
      return handle.put({ id: "a" }, { id: `own-${index}` });
    });
    const { won } = await race(calls, "MEMCUBE_CONFLICT");
    assert.equal(won.length, 1);
    assert.equal((await cube.ids()).length, 2, "the losers left nothing of theirs");
  },

  "of those who create the same cube one wins": async ({ storage, another }) => {
    const ref = { tenantId: TENANT, cubeId: "contested" };
    const cubes = [new TestCube(storage, ref), new TestCube(await another(), ref)];
    const calls = times(WRITERS, (index) => async () => {
      const cube = cubes[index % 2] ?? new TestCube(storage, ref);
      return cube.commit({ writes: [cube.header({})], epoch: `epoch-${index}` });
    });
    const { won, lost } = await race(calls, "MEMCUBE_CUBE_EXISTS");
    assert.deepEqual([won.length, lost], [1, WRITERS - 1]);
    assert.deepEqual(await storage.vault.position(ref), won[0]?.position);
  },

  "no update is lost among writers that try until they win": async ({ storage, another }) => {
    const cube = await newCube(storage);
    const handles = [cube, cube.on(await another())];
    await cube.put({ id: "counter" });
    const rounds = 5;
    const { won } = await race(
      times(6, (index) => async () => {
        const handle = handles[index % 2] ?? cube;
        for (let round = 0; round < rounds; round += 1) await increment(handle);
      }),
    );
    assert.equal(won.length, 6);
    assert.equal((await cube.read("counter"))?.version, 1 + 6 * rounds);
    const numbers = (await cube.versions("counter")).map(({ version }) => version);
    assert.deepEqual(
      numbers,
      times(1 + 6 * rounds, (index) => 1 + 6 * rounds - index),
    );
  },

  "an update and an erase of one version can't both win": async ({ storage, another }) => {
    const cube = await newCube(storage);
    const other = cube.on(await another());
    for (let round = 0; round < 5; round += 1) {
      const id = `m${round}`;
      await cube.put({ id });
      const { won } = await race(
        [
          () => cube.put({ id, expectedVersion: 1 }),
          () => other.commit({ writes: [eraseWrite(id, 1)] }),
        ],
        "MEMCUBE_CONFLICT",
      );
      assert.equal(won.length, 1);
    }
  },
});

const TRIES = 1_000;

async function increment(cube: TestCube): Promise<void> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const current = await cube.read("counter");
    try {
      await cube.put({ id: "counter", expectedVersion: current?.version ?? 0 });
      return;
    } catch (error) {
      const lost =
        isMemCubeError(error, "MEMCUBE_CONFLICT") || isMemCubeError(error, "MEMCUBE_BUSY");
      if (!lost) throw error;
    }
  }
  throw new assert.AssertionError({ message: "a writer never won" });
}
