import { assert, race, times } from "../kit/checks.ts";
import { START } from "../kit/content.ts";
import { newCube } from "../kit/test-cube.ts";
import { rulesOf } from "../rule.ts";

const lease = (holder: string, now: number, until: number, name = "work") => ({
  name,
  holder,
  now: START + now,
  until: START + until,
});

export const leaseRules = rulesOf("vault", "leases", {
  "a lease has one holder until it lapses": async ({ storage, another }) => {
    const { vault, ref } = await newCube(storage);
    const other = (await another()).vault;
    assert.equal(await vault.lease(ref, lease("one", 0, 100)), true);
    assert.equal(await other.lease(ref, lease("two", 0, 100)), false);
    assert.equal(await other.lease(ref, lease("two", 99, 200)), false);
    assert.equal(await other.lease(ref, lease("two", 100, 200)), true);
    assert.equal(await vault.lease(ref, lease("one", 150, 300)), false);
  },

  "the holder extends its lease, or lets go of it": async ({ storage }) => {
    const { vault, ref } = await newCube(storage);
    assert.equal(await vault.lease(ref, lease("one", 0, 100)), true);
    assert.equal(await vault.lease(ref, lease("one", 50, 500)), true);
    assert.equal(await vault.lease(ref, lease("two", 499, 600)), false);
    assert.equal(await vault.lease(ref, lease("one", 200, 200)), true);
    assert.equal(await vault.lease(ref, lease("two", 200, 600)), true);
  },

  "a refused lease changes nothing": async ({ storage }) => {
    const { vault, ref } = await newCube(storage);
    await vault.lease(ref, lease("one", 0, 100));
    assert.equal(await vault.lease(ref, lease("two", 0, 10_000)), false);
    assert.equal(await vault.lease(ref, lease("three", 100, 200)), true);
  },

  "leases of other names and cubes are others": async ({ storage }) => {
    const { vault, ref } = await newCube(storage);
    const other = await newCube(storage, { tenantId: "tenant-2" });
    assert.equal(await vault.lease(ref, lease("one", 0, 100)), true);
    assert.equal(await vault.lease(ref, lease("two", 0, 100, "other work")), true);
    assert.equal(await vault.lease(other.ref, lease("two", 0, 100)), true);
  },

  "of those who ask at the same time one gets it": async ({ storage, another }) => {
    const { vault, ref } = await newCube(storage);
    const vaults = [vault, (await another()).vault];
    for (const round of times(3, (index) => index)) {
      const { won } = await race(
        times(8, (index) => () => {
          const asked = lease(`holder-${index}`, round * 100, round * 100 + 100);
          return (vaults[index % 2] ?? vault).lease(ref, asked);
        }),
      );
      assert.equal(won.filter(Boolean).length, 1);
    }
  },
});

export const markRules = rulesOf("vault", "marks", {
  "a mark is set, replaced and removed": async ({ storage, another }) => {
    const { vault, ref } = await newCube(storage);
    const other = (await another()).vault;
    assert.equal(await vault.mark(ref, "index"), undefined);
    await vault.setMark(ref, "index", "one");
    assert.equal(await other.mark(ref, "index"), "one");
    await other.setMark(ref, "index", 'two "é" \u{1f9ca}');
    assert.equal(await vault.mark(ref, "index"), 'two "é" \u{1f9ca}');
    await vault.setMark(ref, "index", undefined);
    await vault.setMark(ref, "index", undefined);
    assert.equal(await vault.mark(ref, "index"), undefined);
  },

  "an empty mark is one": async ({ storage }) => {
    const { vault, ref } = await newCube(storage);
    await vault.setMark(ref, "index", "");
    assert.equal(await vault.mark(ref, "index"), "");
  },

  "marks of other names and cubes are others": async ({ storage }) => {
    const { vault, ref } = await newCube(storage);
    const other = await newCube(storage, { cubeId: "cube-2" });
    await vault.setMark(ref, "a", "1");
    await vault.setMark(ref, "b", "2");
    await vault.setMark(other.ref, "a", "3");
    const marks = [
      await vault.mark(ref, "a"),
      await vault.mark(ref, "b"),
      await vault.mark(other.ref, "a"),
    ];
    assert.deepEqual(marks, ["1", "2", "3"]);
  },

  "a mark is neither state nor logged": async ({ storage }) => {
    const cube = await newCube(storage);
    const before = [await cube.position(), await cube.log(), await cube.vault.stats(cube.ref)];
    await cube.vault.setMark(cube.ref, "index", "value");
    assert.deepEqual(
      [await cube.position(), await cube.log(), await cube.vault.stats(cube.ref)],
      before,
    );
  },
});
