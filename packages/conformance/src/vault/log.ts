import { sha256Hex } from "@memcube/core";

import { assert, assertLinked, race, times } from "../kit/checks.ts";
import { commitRequest } from "../kit/commit-request.ts";
import { START } from "../kit/content.ts";
import { newCube, TENANT, TestCube } from "../kit/test-cube.ts";
import { rulesOf } from "../rule.ts";

export const logRules = rulesOf("vault", "log", {
  "sequence numbers are dense and heads link": async ({ storage }) => {
    const cube = await newCube(storage);
    const receipts = [];
    for (const index of times(9, (at) => at)) receipts.push(await cube.put({ id: `m${index}` }));
    const log = await cube.log();
    assert.equal(log.length, 10);
    assertLinked(log, storage.vault.capabilities.linkHash);
    const heads = receipts.map(({ position }) => [position.seq, position.head]);
    assert.deepEqual(
      heads,
      log.slice(1).map(({ seq, head }) => [seq, head]),
    );
    assert.deepEqual(await cube.position(), receipts.at(-1)?.position);
  },

  "an entry has body and digest to the byte": async ({ storage }) => {
    const cube = await newCube(storage);
    const body = '{"a":"\\"\\\\ \\u0000 é e\u0301 \u{1f9ca} \u2028"}';
    const request = commitRequest({ cube: cube.ref, writes: [cube.memory({ id: "a" })] });
    const receipt = await cube.vault.commit({ ...request, body, digest: sha256Hex(body) });
    assert.equal(receipt.body, body);
    const entry = (await cube.log()).at(-1);
    assert.deepEqual([entry?.body, entry?.digest], [body, sha256Hex(body)]);
  },

  "time never goes back along a log": async ({ storage }) => {
    const cube = await newCube(storage);
    const writes = [cube.memory({ id: "a" })];
    assert.equal((await cube.commit({ writes, at: START + 100 })).at, START + 100);
    const late = { writes: [cube.memory({ id: "b" })], at: START + 50 };
    assert.equal((await cube.commit(late)).at, START + 100);
    await cube.commit({ writes: [cube.memory({ id: "c" })], at: START + 200 });
    const times = (await cube.log()).map(({ at }) => at - START);
    assert.deepEqual(times, [0, 100, 100, 200]);
    assert.equal((await cube.vault.cube(cube.ref))?.at, START + 200);
    assertLinked(await cube.log(), storage.vault.capabilities.linkHash);
  },

  "a log is read from where one was, so many at a time": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.putEach(...times(9, (index) => ({ id: `m${index}` })));
    const seqs = async (afterSeq: number, limit: number) =>
      (await cube.log(afterSeq, limit)).map(({ seq }) => seq);
    assert.deepEqual(await seqs(0, 3), [1, 2, 3]);
    assert.deepEqual(await seqs(3, 3), [4, 5, 6]);
    assert.deepEqual(await seqs(8, 100), [9, 10]);
    assert.deepEqual(await seqs(10, 100), []);
    assert.deepEqual(await seqs(1_000, 100), []);
  },

  "a time resolves to the last commit that is not younger": async ({ storage }) => {
    const cube = await newCube(storage);
    const commitAt = (id: string, at: number) => cube.commit({ writes: [cube.memory({ id })], at });
    await commitAt("a", START + 10);
    const second = await commitAt("b", START + 10);
    const third = await commitAt("c", START + 30);
    const { vault, ref } = cube;
    assert.equal(await vault.positionAt(ref, START - 1), undefined);
    assert.equal((await vault.positionAt(ref, START))?.seq, 1);
    assert.deepEqual(await vault.positionAt(ref, START + 10), second.position);
    assert.deepEqual(await vault.positionAt(ref, START + 29), second.position);
    assert.deepEqual(await vault.positionAt(ref, START + 1_000), third.position);
  },

  "a cube that is not there has no log and no position": async ({ storage }) => {
    const cube = new TestCube(storage, { tenantId: TENANT, cubeId: "nowhere" });
    assert.deepEqual(await cube.log(), []);
    assert.equal(await cube.vault.position(cube.ref), undefined);
    assert.equal(await cube.vault.positionAt(cube.ref, START), undefined);
  },

  "a cube that is created anew has another epoch and a log of its own": async ({ storage }) => {
    const cube = await newCube(storage, { epoch: "first" });
    await cube.put({ id: "a" });
    const before = await cube.position();
    await cube.vault.dropCube(cube.ref);
    const anew = await newCube(storage, { epoch: "second" });
    assert.equal((await anew.position()).seq, 1);
    await anew.put({ id: "b" });
    const after = await anew.position();
    assert.deepEqual([before.epoch, after.epoch], ["first", "second"]);
    assert.equal(after.seq, 2);
    assert.notEqual(after.head, before.head);
    assertLinked(await anew.log(), storage.vault.capabilities.linkHash);
  },

  "commits at the same time all get a place of their own": async ({ storage, another }) => {
    const cube = await newCube(storage);
    const handles = [cube, cube.on(await another())];
    const count = 24;
    const { won } = await race(
      times(count, (index) => () => {
        const handle = handles[index % 2] ?? cube;
        const writes = [handle.memory({ id: `m${index}` })];
        return handle.commit({ writes, commitId: `commit-${index}` });
      }),
    );
    const log = await cube.log();
    assertLinked(log, storage.vault.capabilities.linkHash);
    assert.equal(log.length, count + 1);
    for (const { position, body } of won) {
      const entry = log[position.seq - 1];
      assert.deepEqual([entry?.head, entry?.body], [position.head, body]);
    }
    assert.equal(new Set(won.map(({ position }) => position.seq)).size, count);
  },

  "what one handle committed the other reads at once": async ({ storage, another }) => {
    const cube = await newCube(storage);
    const other = cube.on(await another());
    for (const index of times(10, (at) => at)) {
      const [writer, reader] = index % 2 === 0 ? [cube, other] : [other, cube];
      const { position } = await writer.put({ id: `m${index}` });
      assert.deepEqual(await reader.position(), position);
      assert.equal((await reader.read(`m${index}`))?.fromSeq, position.seq);
      assert.equal((await reader.log(position.seq - 1)).length, 1);
    }
  },
});
