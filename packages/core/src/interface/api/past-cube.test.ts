import { afterEach, describe, expect, test } from "vitest";

import { memoryStorage } from "../../testing/index.ts";
import { START, testOS } from "../../testing/test-os.ts";
import type { MemCube, MemOS } from "./index.ts";

const opened: MemOS[] = [];
afterEach(async () => {
  for (const os of opened.splice(0)) await os.close();
});

/** Ada's cube that bob reads, with the position at which `id` said "the secret". */
async function shared() {
  const made = testOS({ worker: false });
  opened.push(made.os);
  const ada = made.os.as({ userId: "ada" });
  const bob = made.os.as({ userId: "bob" });
  const cube = await ada.createCube("c", { allow: ["user:bob"] });
  const { ids } = await cube.add("the secret");
  const id = ids[0] as string;
  const when = await cube.position();
  await cube.add("something else");
  const read = await bob.cube("c");
  return { ...made, ada, bob, cube, id, when, read };
}

const texts = async (cube: Pick<MemCube, "list">) =>
  (await cube.list()).items.map(({ payload }) => (payload as { text: string }).text);

describe("a view of the past", () => {
  test("is closed to a reader whose right was taken away", async () => {
    const { cube, read, id, when } = await shared();
    const then = await read.at(when);
    expect(await texts(then)).toEqual(["the secret"]);
    await cube.configure({ allow: [] });
    const refused = { code: "MEMCUBE_CUBE_NOT_FOUND" };
    await expect(then.get(id)).rejects.toMatchObject(refused);
    await expect(then.list()).rejects.toMatchObject(refused);
    await expect(then.search("secret")).rejects.toMatchObject(refused);
  });

  test("is closed after unmount, and when the cube was made anew", async () => {
    const { ada, bob, read, id, when } = await shared();
    const then = await read.at(when);
    await bob.unmount("c");
    await expect(then.get(id)).rejects.toMatchObject({ code: "MEMCUBE_CLOSED" });
    const hers = await (await ada.cube("c")).at(when);
    await ada.deleteCube("c");
    const cube = await ada.createCube("c");
    await cube.add(["one", "two", "three"]);
    await expect(hers.list()).rejects.toMatchObject({ code: "MEMCUBE_POSITION_LOST" });
  });

  test("forgets what was erased since it was opened", async () => {
    const { cube, id, when } = await shared();
    const then = await cube.at(when);
    expect((await then.search("secret")).hits).toHaveLength(1);
    await cube.erase(id);
    expect(await then.get(id)).toBeUndefined();
    expect(await texts(then)).toEqual([]);
    expect((await then.search("secret")).hits).toEqual([]);
  });

  test("shows nothing of a memory that was restricted since", async () => {
    const { cube, read, id, when } = await shared();
    await cube.update(id, { allow: [] });
    const then = await read.at(when);
    expect(await then.get(id)).toBeUndefined();
    expect(await texts(then)).toEqual([]);
    expect((await then.search("secret")).hits).toEqual([]);
    expect(await read.history(id)).toEqual([]);
    await expect(read.rollback(id, 1)).rejects.toMatchObject({ code: "MEMCUBE_MEMORY_NOT_FOUND" });
    expect(await cube.history(id)).toHaveLength(2);
    expect(await texts(await cube.at(when))).toEqual(["the secret"]);
  });

  test("shows no version that was restricted then, though it is not now", async () => {
    const { cube, read } = await shared();
    const { ids } = await cube.add("was private", { allow: [] });
    const id = ids[0] as string;
    const then = await cube.position();
    await cube.update(id, { allow: ["user:bob"], text: "is public" });
    expect(await (await read.at(then)).get(id)).toBeUndefined();
    expect((await read.history(id)).map(({ version }) => version.number)).toEqual([2]);
  });

  test("shows nothing of a memory that has expired", async () => {
    const { cube, clock } = await shared();
    const { ids } = await cube.add("for an hour", { expiresAt: new Date(START + 3_600_000) });
    const id = ids[0] as string;
    const { ids: target } = await cube.add("target");
    await cube.update(id, {
      edges: [{ type: "derived-from", to: { cubeId: "c", id: target[0] as string } }],
    });
    const when = await cube.position();
    expect((await cube.dependents(target[0] as string)).items).toHaveLength(1);
    clock.advance(3_600_001);
    const then = await cube.at(when);
    expect(await then.get(id)).toBeUndefined();
    expect(await texts(then)).not.toContain("for an hour");
    expect(await cube.history(id)).toEqual([]);
    expect((await cube.dependents(target[0] as string)).items).toEqual([]);
  });

  test("filters as the present does", async () => {
    const { cube } = await shared();
    await cube.add({ type: "event", text: "a trip to Rome", startsAt: Date.UTC(2025, 4, 1) });
    await cube.add({ role: "user", content: "hello" }, { sessionId: "s1" });
    const then = await cube.at(await cube.position());
    const within = { from: new Date("2025-04-30"), to: new Date("2025-05-03") };
    for (const options of [within, { sessionId: "s1" }, { types: ["event"] }, {}]) {
      const now = (await cube.list(options)).items.map(({ header }) => header.id);
      expect((await then.list(options)).items.map(({ header }) => header.id)).toEqual(now);
    }
  });

  test.each(["oldest", "newest"] as const)("pages go on where they stopped: %s", async (order) => {
    const { cube } = await shared();
    const { ids } = await cube.add(["one", "two", "three", "four", "five"]);
    const then = await cube.at(await cube.position());
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await then.list({ limit: 2, order, withTotal: true, cursor });
      seen.push(...page.items.map(({ header }) => header.id));
      // What goes between two pages moves none of the others.
      if (seen.length === 2) await cube.erase(seen[0] as string);
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(new Set(seen).size).toBe(7);
    expect(seen).toEqual(expect.arrayContaining([...ids]));
    await expect(then.list({ cursor: "x" })).rejects.toMatchObject({
      code: "MEMCUBE_INVALID_INPUT",
    });
  });

  test("reaches archived times and versions, and stops when it is told", async () => {
    const storage = memoryStorage();
    const { os, clock } = testOS({ storage, hotCommits: 3, worker: false });
    const cube = await os.as({ userId: "ada" }).createCube("c");
    const { ids } = await cube.add("version 1");
    for (let i = 2; i <= 20; i++) {
      clock.advance(1_000);
      await cube.update(ids[0] as string, { text: `version ${i}` });
    }
    await os.close();
    const again = testOS({ storage: memoryStorage({ from: storage.data }), worker: false });
    opened.push(again.os);
    const reopened = await again.os.as({ userId: "ada" }).cube("c");
    expect((await reopened.stats()).segments).toBeGreaterThan(0);
    for (const i of [1, 2, 7, 20]) {
      const then = await reopened.at(START + (i - 1) * 1_000 + 1);
      expect(await texts(then)).toEqual([`version ${i}`]);
      expect((await then.get(ids[0] as string))?.version.number).toBe(i);
    }
    const then = await reopened.at(START);
    const signal = AbortSignal.abort();
    await expect(then.search("version", { signal })).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("who wrote a version", () => {
  test("is for who may read the log, and for oneself", async () => {
    const { os, cube, read, id } = await shared();
    await cube.configure({ writers: ["user:bob", "user:eve"], allow: ["user:bob"] });
    await read.update(id, { text: "by bob" });
    await (await os.as({ userId: "ada" }).cube("c")).update(id, { text: "by ada" });
    const actors = async (by: MemCube) =>
      (await by.history(id)).map(({ written }) => [written?.op, written?.actor?.userId]);
    expect(await actors(cube)).toEqual([
      ["update", "ada"],
      ["update", "bob"],
      ["add", "ada"],
    ]);
    expect(await actors(read)).toEqual([
      ["update", undefined],
      ["update", "bob"],
      ["add", undefined],
    ]);
  });
});
