import type { Seal } from "@memcube/core";

import { assert, race, rejects, times } from "../kit/checks.ts";
import { START } from "../kit/content.ts";
import { newCube, type TestCube } from "../kit/test-cube.ts";
import { rulesOf } from "../rule.ts";

const sealOf = (fromSeq: number, toSeq: number, sealer = "s"): Seal => ({
  fromSeq,
  toSeq,
  root: `${fromSeq}-${toSeq}`.padEnd(64, "0"),
  at: START,
  sealer,
});

export const sealRules = rulesOf("vault", "seals", {
  "seals are kept as they are and read in order": async ({ storage }) => {
    const cube = await cubeWithLog(storage);
    const { vault, ref } = cube;
    const seals = [
      sealOf(1, 3),
      { ...sealOf(4, 4), keyId: "key-1", signature: "sig" },
      sealOf(5, 8),
    ];
    for (const seal of seals) await vault.seal(ref, seal);
    assert.deepEqual(await vault.seals(ref, { afterSeq: 0, limit: 10 }), seals);
    assert.deepEqual(await vault.seals(ref, { afterSeq: 3, limit: 10 }), seals.slice(1));
    assert.deepEqual(await vault.seals(ref, { afterSeq: 0, limit: 2 }), seals.slice(0, 2));
    assert.deepEqual(await vault.seals(ref, { afterSeq: 8, limit: 10 }), []);
  },

  "a seal continues the last one": async ({ storage }) => {
    const cube = await cubeWithLog(storage);
    const { vault, ref } = cube;
    await rejects(vault.seal(ref, sealOf(2, 3)), "MEMCUBE_CONFLICT");
    await vault.seal(ref, sealOf(1, 3));
    for (const [from, to] of [
      [1, 3],
      [3, 5],
      [5, 6],
      [1, 8],
    ] as const) {
      await rejects(vault.seal(ref, sealOf(from, to)), "MEMCUBE_CONFLICT");
    }
    await vault.seal(ref, sealOf(4, 6));
    assert.equal((await vault.seals(ref, { afterSeq: 0, limit: 10 })).length, 2);
  },

  "a seal is no commit": async ({ storage }) => {
    const cube = await cubeWithLog(storage);
    const before = await cube.position();
    await cube.vault.seal(cube.ref, sealOf(1, 8));
    assert.deepEqual(await cube.position(), before);
  },

  "of sealers at the same time one wins": async ({ storage, another }) => {
    const cube = await cubeWithLog(storage);
    const vaults = [cube.vault, (await another()).vault];
    const calls = times(8, (index) => async () => {
      await (vaults[index % 2] ?? cube.vault).seal(
        cube.ref,
        sealOf(1, 1 + index, `sealer-${index}`),
      );
      return index;
    });
    const { won } = await race(calls, "MEMCUBE_CONFLICT");
    assert.equal(won.length, 1);
    const seals = await cube.vault.seals(cube.ref, { afterSeq: 0, limit: 10 });
    assert.deepEqual(
      seals.map(({ sealer }) => sealer),
      [`sealer-${won[0]}`],
    );
  },

  "cubes are sealed each for itself": async ({ storage }) => {
    const cube = await cubeWithLog(storage);
    const other = await newCube(storage, { cubeId: "other" });
    await cube.vault.seal(cube.ref, sealOf(1, 3));
    assert.deepEqual(await other.vault.seals(other.ref, { afterSeq: 0, limit: 10 }), []);
    await other.vault.seal(other.ref, sealOf(1, 1));
  },
});

async function cubeWithLog(storage: Parameters<typeof newCube>[0]): Promise<TestCube> {
  const cube = await newCube(storage);
  await cube.putEach(...times(7, (index) => ({ id: `m${index}` })));
  return cube;
}
