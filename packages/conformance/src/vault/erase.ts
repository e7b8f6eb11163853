import { assert } from "../kit/checks.ts";
import { eraseWrite, START, vectorWrite } from "../kit/content.ts";
import { findable, idsByPath, onEveryPath, TARGET } from "../kit/read-paths.ts";
import { newCube, SYSTEM, type TestCube } from "../kit/test-cube.ts";
import { rulesOf } from "../rule.ts";

const SECRET = "zanzibar";

export const eraseRules = rulesOf("vault", "erase", {
  "an erased memory is on no path, at no time": async ({ storage, another }) => {
    const cube = await newCube(storage);
    const other = cube.on(await another());
    await writeSecret(cube);
    await storage.usage.add([{ cube: cube.ref, id: "a", reads: 3, at: START }]);
    await cube.commit({ writes: [eraseWrite("a", 2)] });
    for (const handle of [cube, other]) {
      const found = await idsByPath(handle, SYSTEM, ["a", "b"]);
      assert.deepEqual(found, onEveryPath(found, ["b"]));
      for (const seq of [1, 2, 3, 4]) assert.equal(await handle.read("a", { seq }), undefined);
    }
    assert.equal((await storage.usage.get(cube.ref, ["a"])).size, 0, "usage is gone");
    const { memories, versions, vectors } = await cube.vault.stats(cube.ref);
    assert.deepEqual([memories, versions, vectors], [1, 1, 0]);
  },

  "nothing that a vault returns holds an erased text": async ({ storage }) => {
    const cube = await newCube(storage);
    await writeSecret(cube);
    assert.match(await everythingReturned(cube), /zanzibar/);
    await cube.commit({ writes: [eraseWrite("a")] });
    assert.doesNotMatch(await everythingReturned(cube), /zanzibar/);
  },

  "an erasure takes the salt, the log keeps the commitment": async ({ storage }) => {
    const cube = await newCube(storage);
    await writeSecret(cube);
    const [newest] = await cube.versions("a");
    await cube.commit({ writes: [eraseWrite("a")] });
    const rest = await everythingReturned(cube);
    assert.ok(newest !== undefined && !rest.includes(newest.salt));
    assert.ok(rest.includes(newest.commitment));
  },

  "an erased id that is used again has nothing of the old": async ({ storage }) => {
    const cube = await newCube(storage);
    await writeSecret(cube);
    await storage.usage.add([{ cube: cube.ref, id: "a", reads: 3, at: START }]);
    await cube.commit({ writes: [eraseWrite("a")] });
    await cube.put({ id: "a", version: 3, text: "fresh" });
    const read = await cube.read("a", { vectors: true });
    assert.deepEqual([read?.version, read?.vector], [3, undefined]);
    assert.equal((await cube.versions("a")).length, 1);
    const edges = { target: TARGET, access: SYSTEM, limit: 10 };
    assert.deepEqual(
      (await cube.vault.edgesTo(cube.ref, edges)).items.map(({ from }) => from),
      ["b"],
    );
    assert.equal((await storage.usage.get(cube.ref, ["a"])).size, 0);
    assert.doesNotMatch(await everythingReturned(cube), /zanzibar/);
  },

  "erasing one memory leaves the others whole": async ({ storage }) => {
    const cube = await newCube(storage);
    await writeSecret(cube);
    await cube.commit({ writes: [vectorWrite("b", [5])] });
    await storage.usage.add([{ cube: cube.ref, id: "b", reads: 1, at: START }]);
    const before = [await cube.read("b", { vectors: true }), await cube.versions("b")];
    await cube.commit({ writes: [eraseWrite("a")] });
    assert.deepEqual([await cube.read("b", { vectors: true }), await cube.versions("b")], before);
    const edges = { target: TARGET, access: SYSTEM, limit: 10 };
    assert.equal((await cube.vault.edgesTo(cube.ref, edges)).items.length, 1);
    assert.equal((await storage.usage.get(cube.ref, ["b"])).get("b")?.reads, 1);
  },
});

/** Memory `a` in two versions with everything a memory can have, all of it secret; `b` beside it. */
async function writeSecret(cube: TestCube): Promise<void> {
  const secret = findable({
    id: "a",
    text: `${SECRET} one`,
    externalKey: `key of a ${SECRET}`,
    tags: [SECRET, "t"],
    sessionId: SECRET,
    terms: `shared ${SECRET}`,
  });
  const open = findable({ id: "a", expectedVersion: 1, text: `${SECRET} two` });
  await cube.put(secret, findable({ id: "b" }));
  await cube.put(open);
  await cube.commit({ writes: [vectorWrite("a", [1, 2])] });
}

async function everythingReturned(cube: TestCube): Promise<string> {
  const { vault, ref } = cube;
  const { seq } = await cube.position();
  const page = { access: SYSTEM, filter: {}, order: "oldest", limit: 100, vectors: true } as const;
  const past = [];
  for (let at = 1; at <= seq; at += 1) past.push(await vault.list(ref, { ...page, seq: at }));
  const ended = { afterSeq: 0, toSeq: seq, limit: 100 };
  return JSON.stringify([
    past,
    await cube.log(),
    await vault.endedVersions(ref, ended),
    await cube.versions("a"),
    await vault.readByKey(ref, { ...page, externalKeys: ["key of a", `key of a ${SECRET}`] }),
    await vault.edgesTo(ref, { access: SYSTEM, target: TARGET, limit: 100 }),
  ]);
}
