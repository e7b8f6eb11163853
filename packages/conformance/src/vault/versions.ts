import { assert, rejects, times } from "../kit/checks.ts";
import { eraseWrite } from "../kit/content.ts";
import { as, newCube, SYSTEM } from "../kit/test-cube.ts";
import { rulesOf } from "../rule.ts";

export const versionRules = rulesOf("vault", "versions", {
  "a version is read as it was written": async ({ storage }) => {
    const cube = await newCube(storage);
    const write = cube.memory({
      id: "a",
      text: 'é e\u0301 \u{1f9ca} \u2028 \\ " \u0000',
      deny: ["user:x"],
    });
    await cube.commit({ writes: [write] });
    const read = await cube.read("a");
    assert.deepEqual(read, {
      id: "a",
      version: 1,
      fromSeq: 2,
      content: write.content,
      salt: write.salt,
      commitment: write.commitment,
      visibility: write.index.visibility,
      ordinal: read?.ordinal,
    });
  },

  "each version is current over a half-open range of the log": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.putEach({ id: "a" }, { id: "b" }, { id: "a", expectedVersion: 1 }, { id: "c" });
    await cube.put({ id: "a", expectedVersion: 2 });
    const ranges = (await cube.versions("a")).map((row) => [row.version, row.fromSeq, row.toSeq]);
    assert.deepEqual(ranges, [
      [3, 6, undefined],
      [2, 4, 6],
      [1, 2, 4],
    ]);
    assert.deepEqual(await cube.versions("never"), []);
  },

  "versions are read from the newest down, so many at a time": async ({ storage }) => {
    const cube = await newCube(storage);
    for (const expectedVersion of times(6, (at) => at))
      await cube.put({ id: "a", expectedVersion });
    const numbers = async (query: { limit: number; below?: number }) => {
      const found = await cube.vault.versions(cube.ref, { id: "a", access: SYSTEM, ...query });
      return found.map(({ version }) => version);
    };
    assert.deepEqual(await numbers({ limit: 2 }), [6, 5]);
    assert.deepEqual(await numbers({ limit: 2, below: 5 }), [4, 3]);
    assert.deepEqual(await numbers({ limit: 10, below: 3 }), [2, 1]);
    assert.deepEqual(await numbers({ limit: 10, below: 1 }), []);
  },

  "reading at a sequence number gives what was current then": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.putEach({ id: "a" }, { id: "b" }, { id: "a", expectedVersion: 1 }, { id: "c" });
    const at = async (seq: number) =>
      (await cube.vault.read(cube.ref, { access: SYSTEM, seq, ids: ["a", "b", "c"] })).map(
        ({ id, version }) => `${id}${version}`,
      );
    assert.deepEqual(await at(1), []);
    assert.deepEqual(await at(2), ["a1"]);
    assert.deepEqual(await at(3), ["a1", "b1"]);
    assert.deepEqual(await at(4), ["a2", "b1"]);
    assert.deepEqual(await at(5), ["a2", "b1", "c1"]);
    assert.deepEqual(await at(99), ["a2", "b1", "c1"]);
  },

  "a listing at a sequence number is the listing of then": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.putEach({ id: "a", tags: ["red"] }, { id: "b" }, { id: "c", tags: ["red"] });
    await cube.put({ id: "a", expectedVersion: 1, tags: ["blue"] });
    const red = async (seq?: number) => {
      const page = await cube.vault.list(cube.ref, {
        access: SYSTEM,
        seq,
        filter: { tags: ["red"] },
        order: "oldest",
        limit: 10,
        withTotal: true,
      });
      return [page.items.map(({ id }) => id), page.total];
    };
    assert.deepEqual(await red(), [["c"], 1]);
    assert.deepEqual(await red(4), [["a", "c"], 2]);
    assert.deepEqual(await red(3), [["a"], 1]);
    assert.deepEqual(await cube.ids({ seq: 1 }), []);
  },

  "an external key at a sequence number is looked up as of then": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put({ id: "a", externalKey: "k" });
    await cube.put({ id: "a", expectedVersion: 1 });
    await cube.put({ id: "b", externalKey: "k" });
    const holder = async (seq?: number) => {
      const query = { access: SYSTEM, seq, externalKeys: ["k"] };
      return (await cube.vault.readByKey(cube.ref, query)).map(({ id }) => id);
    };
    assert.deepEqual([await holder(2), await holder(3), await holder(4)], [["a"], [], ["b"]]);
    assert.deepEqual(await holder(), ["b"]);
  },

  "a memory keeps its ordinal through its versions": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put({ id: "b" }, { id: "a" });
    await cube.put({ id: "c" });
    await cube.put({ id: "b", expectedVersion: 1 });
    const ordinals = await Promise.all(
      ["b", "a", "c"].map(async (id) => (await cube.read(id))?.ordinal ?? 0),
    );
    const sorted = ordinals.toSorted((one, other) => one - other);
    assert.deepEqual(ordinals, sorted, "ordinals rise by creation, in a commit by order");
    assert.equal(new Set(ordinals).size, 3);
    const [newest, first] = await cube.versions("b");
    assert.equal(newest?.ordinal, first?.ordinal);
  },

  "an id that is used again after an erasure is a new memory": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put({ id: "a" }, { id: "b" });
    await cube.commit({ writes: [eraseWrite("a")] });
    await cube.put({ id: "a", version: 2 });
    assert.deepEqual(await cube.ids(), ["b", "a"]);
    assert.deepEqual(
      (await cube.versions("a")).map(({ version }) => version),
      [2],
    );
    assert.equal(await cube.read("a", { seq: 2 }), undefined);
  },

  "a cube's header keeps its versions under the id @cube, for the system": async ({ storage }) => {
    const cube = await newCube(storage, { title: "One" });
    await cube.put({ id: "a" });
    const second = cube.header({ expectedVersion: 1, title: "Two", allow: ["everyone"] });
    await cube.commit({ writes: [second] });
    const headers = await cube.versions("@cube");
    const ranges = headers.map(({ id, version, fromSeq, toSeq }) => [id, version, fromSeq, toSeq]);
    assert.deepEqual(ranges, [
      ["@cube", 2, 3, undefined],
      ["@cube", 1, 1, 3],
    ]);
    const { content, salt, commitment } = second;
    assert.deepEqual([headers[0]?.content, headers[0]?.salt], [content, salt]);
    assert.equal(headers[0]?.commitment, commitment);
    assert.match(headers[1]?.content ?? "", /One/);
    assert.deepEqual(await cube.versions("@cube", as("user:ada", "everyone")), []);
    assert.deepEqual(await cube.ids(), ["a"], "it is not listed");
    assert.equal((await cube.vault.stats(cube.ref)).versions, 1, "it is not counted");
  },

  "no memory has the id of the header": async ({ storage }) => {
    const cube = await newCube(storage);
    await rejects(cube.put({ id: "@cube" }), "MEMCUBE_INVALID_INPUT");
    await rejects(cube.commit({ writes: [eraseWrite("@cube")] }), "MEMCUBE_INVALID_INPUT");
    assert.equal((await cube.versions("@cube")).length, 1);
    assert.equal(await cube.read("@cube"), undefined);
  },

  "memories come in the order asked for, without those not there": async ({ storage }) => {
    const cube = await newCube(storage);
    await cube.put({ id: "a" }, { id: "b" }, { id: "c" });
    const ids = ["c", "nope", "a", "b", ""];
    const found = await cube.vault.read(cube.ref, { access: SYSTEM, ids });
    assert.deepEqual(
      found.map(({ id }) => id),
      ["c", "a", "b"],
    );
    assert.deepEqual(await cube.vault.read(cube.ref, { access: SYSTEM, ids: [] }), []);
  },
});
