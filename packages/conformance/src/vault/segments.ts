import type { HistorySegment } from "@memcube/core";

import { allPages, assert, assertLinked, race, rejects, times } from "../kit/checks.ts";
import { START } from "../kit/content.ts";
import { newCube, type TestCube } from "../kit/test-cube.ts";
import { rulesOf } from "../rule.ts";

export const segmentRules = rulesOf("vault", "history segments", {
  "versions that ended in a stretch are read by id and version, in pages": async ({ storage }) => {
    const cube = await cubeWithHistory(storage);
    const ended = async (afterSeq: number, toSeq: number, limit: number) => {
      const rows = await allPages((cursor) =>
        cube.vault.endedVersions(cube.ref, { afterSeq, toSeq, limit, cursor }),
      );
      const ofMemories = rows.filter(({ id }) => id !== "@cube");
      return ofMemories.map(({ id, version }) => `${id}${version}`);
    };
    for (const limit of [1, 2, 100]) {
      assert.deepEqual(await ended(0, 100, limit), ["a1", "a2", "a3", "b1"]);
      assert.deepEqual(await ended(4, 6, limit), ["a2", "b1"]);
      assert.deepEqual(await ended(5, 5, limit), []);
    }
  },

  "versions of the cube's header end and move like others": async ({ storage }) => {
    const cube = await newCube(storage, { title: "One" });
    for (const version of [1, 2]) {
      await cube.commit({ writes: [cube.header({ expectedVersion: version, title: "Next" })] });
    }
    const query = { afterSeq: 0, toSeq: 2, limit: 10 };
    const { items } = await cube.vault.endedVersions(cube.ref, query);
    const ended = items.map(({ id, version, fromSeq, toSeq }) => [id, version, fromSeq, toSeq]);
    assert.deepEqual(ended, [["@cube", 1, 1, 2]]);
    await cube.vault.addSegment(cube.ref, await segmentTo(cube, 1, 2));
    const left = await cube.versions("@cube");
    assert.deepEqual(
      left.map(({ version }) => version),
      [3, 2],
    );
  },

  "a segment takes what it covers out of hot storage": async ({ storage }) => {
    const cube = await cubeWithHistory(storage);
    const position = await cube.position();
    const current = [await cube.read("a"), await cube.read("b")];
    const segment = await segmentTo(cube, 1, 5);
    await cube.vault.addSegment(cube.ref, segment);
    assert.deepEqual(await cube.vault.segments(cube.ref), [segment]);
    assert.deepEqual(
      (await cube.log()).map(({ seq }) => seq),
      [6, 7],
    );
    const versionsOf = async (id: string) =>
      (await cube.versions(id)).map(({ version }) => version);
    assert.deepEqual(await versionsOf("a"), [4, 3]);
    assert.deepEqual(await versionsOf("b"), [2, 1]);
    assert.deepEqual([await cube.read("a"), await cube.read("b")], current);
    assert.deepEqual(await cube.position(), position);
    const { commits, segments, versions, memories } = await cube.vault.stats(cube.ref);
    assert.deepEqual([commits, segments, versions, memories], [2, 1, 4, 2]);
  },

  "the chain goes on from a segment": async ({ storage }) => {
    const cube = await cubeWithHistory(storage);
    const segment = await segmentTo(cube, 1, 5);
    await cube.vault.addSegment(cube.ref, segment);
    await cube.put({ id: "c" });
    const { linkHash } = storage.vault.capabilities;
    assertLinked(await cube.log(), linkHash, { seq: segment.toSeq, head: segment.head });
  },

  "a segment may cover the whole log": async ({ storage }) => {
    const cube = await cubeWithHistory(storage);
    const before = await cube.position();
    const segment = await segmentTo(cube, 1, before.seq);
    await cube.vault.addSegment(cube.ref, segment);
    assert.deepEqual(await cube.log(), []);
    assert.deepEqual(await cube.position(), before);
    assert.deepEqual((await cube.vault.cube(cube.ref))?.position, before);
    assert.deepEqual(await cube.ids(), ["a", "b"]);
    await cube.put({ id: "c" });
    const { linkHash } = storage.vault.capabilities;
    assertLinked(await cube.log(), linkHash, { seq: segment.toSeq, head: segment.head });
  },

  "times before the hot log resolve to nothing": async ({ storage }) => {
    const cube = await newCube(storage);
    for (const index of times(4, (at) => at + 1)) {
      await cube.commit({ writes: [cube.memory({ id: `m${index}` })], at: START + index * 10 });
    }
    await cube.vault.addSegment(cube.ref, await segmentTo(cube, 1, 3));
    assert.equal(await cube.vault.positionAt(cube.ref, START + 29), undefined);
    assert.equal((await cube.vault.positionAt(cube.ref, START + 30))?.seq, 4);
  },

  "a segment continues the last one": async ({ storage }) => {
    const cube = await cubeWithHistory(storage);
    const { vault, ref } = cube;
    const whole = await segmentTo(cube, 2, 4);
    await rejects(vault.addSegment(ref, whole), "MEMCUBE_CONFLICT");
    assert.equal((await cube.log()).length, 7);
    const [first, second, third] = [
      await segmentTo(cube, 1, 2),
      await segmentTo(cube, 3, 5),
      await segmentTo(cube, 6, 6),
    ];
    await vault.addSegment(ref, first);
    await rejects(vault.addSegment(ref, first), "MEMCUBE_CONFLICT");
    await rejects(vault.addSegment(ref, third), "MEMCUBE_CONFLICT");
    await vault.addSegment(ref, second);
    assert.deepEqual(await vault.segments(ref), [first, second]);
  },

  "a segment is refused when a version it should hold was erased": async ({ storage }) => {
    const cube = await cubeWithHistory(storage);
    const segment = await segmentTo(cube, 1, 5);
    const { items } = await cube.vault.endedVersions(cube.ref, {
      afterSeq: 0,
      toSeq: 5,
      limit: 100,
    });
    await cube.commit({ writes: [{ op: "erase", id: "a" }] });
    const expect = { versions: items.length };
    await rejects(cube.vault.addSegment(cube.ref, segment, expect), "MEMCUBE_CONFLICT");
    assert.deepEqual(await cube.vault.segments(cube.ref), []);
    assert.equal((await cube.log()).length, 8);
    await cube.vault.addSegment(cube.ref, segment, { versions: items.length - 2 });
    assert.deepEqual(await cube.vault.segments(cube.ref), [segment]);
  },

  "of those who add a segment at the same time one wins": async ({ storage, another }) => {
    const cube = await cubeWithHistory(storage);
    const vaults = [cube.vault, (await another()).vault];
    const segment = await segmentTo(cube, 1, 4);
    const calls = times(6, (index) => async () => {
      const blob = String(index).repeat(64);
      await (vaults[index % 2] ?? cube.vault).addSegment(cube.ref, { ...segment, blob });
      return blob;
    });
    const { won } = await race(calls, "MEMCUBE_CONFLICT");
    const kept = await cube.vault.segments(cube.ref);
    assert.deepEqual(
      kept.map(({ blob }) => blob),
      won,
    );
    assert.equal(won.length, 1);
  },

  "a segment gets another blob only from who knows the one it has": async ({ storage }) => {
    const cube = await cubeWithHistory(storage);
    const { vault, ref } = cube;
    const [one, two] = [await segmentTo(cube, 1, 2), await segmentTo(cube, 3, 4)];
    await vault.addSegment(ref, one);
    await vault.addSegment(ref, two);
    const rewritten = { ...one, blob: "f".repeat(64), sizeBytes: 7 };
    await rejects(vault.replaceSegment(ref, rewritten, "e".repeat(64)), "MEMCUBE_CONFLICT");
    await vault.replaceSegment(ref, rewritten, one.blob);
    assert.deepEqual(await vault.segments(ref), [rewritten, two]);
    await rejects(vault.replaceSegment(ref, one, one.blob), "MEMCUBE_CONFLICT");
  },

  "reading at a sequence number goes on working in the hot part": async ({ storage }) => {
    const cube = await cubeWithHistory(storage);
    await cube.vault.addSegment(cube.ref, await segmentTo(cube, 1, 5));
    assert.equal((await cube.read("a", { seq: 6 }))?.version, 3);
    assert.equal((await cube.read("a", { seq: 7 }))?.version, 4);
    assert.equal((await cube.read("b", { seq: 6 }))?.version, 2);
  },
});

/**
 * 1 creates the cube, 2 adds `a`, 3 updates it, 4 adds `b`, 5 updates `a`, 6 updates `b`, 7 updates
 * `a`: `a1` ended at 3, `a2` at 5, `b1` at 6, `a3` at 7.
 */
async function cubeWithHistory(storage: Parameters<typeof newCube>[0]): Promise<TestCube> {
  const cube = await newCube(storage);
  await cube.putEach(
    { id: "a" },
    { id: "a", expectedVersion: 1 },
    { id: "b" },
    { id: "a", expectedVersion: 2 },
    { id: "b", expectedVersion: 1 },
    { id: "a", expectedVersion: 3 },
  );
  return cube;
}

async function segmentTo(cube: TestCube, fromSeq: number, toSeq: number): Promise<HistorySegment> {
  const [last] = await cube.log(toSeq - 1, 1);
  const { head = "", at: toAt = 0 } = last ?? {};
  return { fromSeq, toSeq, head, toAt, blob: `${fromSeq}`.padEnd(64, "0"), sizeBytes: toSeq * 10 };
}
