import { assert } from "../kit/checks.ts";
import { eraseWrite, vectorWrite } from "../kit/content.ts";
import { newCube } from "../kit/test-cube.ts";
import { rulesOf } from "../rule.ts";

export const statsRules = rulesOf("vault", "stats", {
  "a cube is counted as it is": async ({ storage }) => {
    const cube = await newCube(storage);
    const counts = async () => {
      const { contentBytes: _roughly, ...exact } = await cube.vault.stats(cube.ref);
      return exact;
    };
    const none = { memories: 0, versions: 0, vectors: 0, commits: 1, segments: 0 };
    assert.deepEqual(await counts(), none);
    await cube.put({ id: "a" }, { id: "b", state: "forgotten" }, { id: "c", allow: [] });
    await cube.put({ id: "a", expectedVersion: 1 });
    await cube.commit({ writes: [vectorWrite("a", [1]), vectorWrite("b", [1])] });
    const some = { memories: 3, versions: 4, vectors: 2, commits: 4, segments: 0 };
    assert.deepEqual(await counts(), some);
    await cube.commit({ writes: [eraseWrite("a")] });
    const fewer = { memories: 2, versions: 2, vectors: 1, commits: 5, segments: 0 };
    assert.deepEqual(await counts(), fewer);
  },

  "bytes grow and shrink with the content": async ({ storage }) => {
    const cube = await newCube(storage);
    const bytes = async () => (await cube.vault.stats(cube.ref)).contentBytes;
    const empty = await bytes();
    await cube.put({ id: "a", text: "x".repeat(100_000) });
    const full = await bytes();
    assert.ok(full >= empty + 100_000 && full < empty + 200_000, `${empty} to ${full}`);
    await cube.commit({ writes: [eraseWrite("a")] });
    assert.ok((await bytes()) < empty + 10_000);
  },

  "neighbours don't count": async ({ storage }) => {
    const cube = await newCube(storage);
    const before = await cube.vault.stats(cube.ref);
    for (const place of [{ cubeId: "cube-2" }, { tenantId: "tenant-2" }]) {
      const other = await newCube(storage, place);
      await other.commit({ writes: [other.memory({ id: "a" }), vectorWrite("a", [1])] });
    }
    assert.deepEqual(await cube.vault.stats(cube.ref), before);
  },
});
