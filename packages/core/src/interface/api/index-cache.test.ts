import { subscribe, unsubscribe } from "node:diagnostics_channel";

import { afterEach, describe, expect, test } from "vitest";

import { CubeIndex } from "../../operation/operator/index/index.ts";
import { IndexCache, MemoryCache } from "../../operation/operator/index.ts";
import { fixedClock, memoryStorage } from "../../testing/index.ts";
import { testOS, wordEmbedder } from "../../testing/test-os.ts";
import type { MemOS } from "./index.ts";

const REF = { tenantId: "default", cubeId: "c" };
const FILLER = Array.from({ length: 600 }, (_, i) => `plain filler number ${i}`);

const opened: MemOS[] = [];
afterEach(async () => {
  for (const os of opened.splice(0)) await os.close();
});

function start(options: Parameters<typeof testOS>[0] = {}) {
  const made = testOS(options);
  opened.push(made.os);
  return { ...made, me: made.os.as({ userId: "ada" }) };
}

type Reference = ReturnType<typeof memoryStorage>;

/** Ids that the persisted indexes in a storage find for a word, and how many indexes there are. */
async function persisted(storage: Reference, word: string) {
  const { blobs } = memoryStorage({ from: storage.data });
  const hashes = await blobs.list("default", { limit: 100 });
  const found: string[] = [];
  for (const hash of hashes) {
    const index = CubeIndex.deserialize((await blobs.get("default", hash)) as Uint8Array);
    const query = { text: word, limit: 5, permits: () => true, now: 0 };
    const { hits } = index.search({ ...query, vector: undefined, filter: undefined });
    found.push(...hits.map(({ id }) => id));
  }
  return { blobs: hashes.length, found };
}

async function heard(name: string, work: () => Promise<unknown>) {
  const events: Record<string, unknown>[] = [];
  const listen = (event: unknown) => events.push(event as Record<string, unknown>);
  subscribe(name, listen);
  try {
    await work();
  } finally {
    unsubscribe(name, listen);
  }
  return events;
}

describe("what is persisted holds nothing of what was erased", () => {
  test.each([undefined, wordEmbedder()])(
    "after the process that erased closed",
    async (embedder) => {
      const storage = memoryStorage();
      const { os, me } = start({ storage, embedder });
      const cube = await me.createCube("c");
      await cube.add(FILLER);
      const { ids } = await cube.add("the zyzzogeton secret");
      await os.idle();
      await cube.search("filler");
      await cube.erase(ids[0] as string);
      await os.close();
      expect(await persisted(storage, "zyzzogeton")).toEqual({ blobs: 1, found: [] });
    },
  );

  test("after another process, that had not heard of it, closed", async () => {
    const storage = memoryStorage();
    const one = start({ storage });
    const two = start({ storage: memoryStorage({ from: storage.data }) });
    const cube = await one.me.createCube("c");
    await cube.add(FILLER);
    const { ids } = await cube.add("the zyzzogeton secret");
    await (await two.me.cube("c")).search("filler");
    await cube.erase(ids[0] as string);
    await two.os.close();
    expect(await persisted(storage, "zyzzogeton")).toEqual({ blobs: 1, found: [] });
    await one.os.close();
    expect(await persisted(storage, "zyzzogeton")).toEqual({ blobs: 1, found: [] });
  });

  test("when the erasure comes while the index is written", async () => {
    const storage = memoryStorage();
    const eraser = start({ storage });
    let during: (() => Promise<unknown>) | undefined;
    const other = memoryStorage({ from: storage.data });
    const blobs = {
      ...other.blobs,
      put: async (tenantId: string, bytes: Uint8Array) => {
        // The erasure waits for this save, so it is not waited for here.
        const begun = during?.();
        during = undefined;
        await Promise.race([begun, new Promise((resolve) => setTimeout(resolve, 20))]);
        return await other.blobs.put(tenantId, bytes);
      },
    };
    const saver = start({ storage: { ...other, blobs } });
    const cube = await eraser.me.createCube("c");
    await cube.add(FILLER);
    const { ids } = await cube.add("the zyzzogeton secret");
    await (await saver.me.cube("c")).search("filler");
    let erased: Promise<unknown> | undefined;
    during = async () => await (erased = cube.erase(ids[0] as string));
    await saver.os.close();
    await erased;
    expect((await persisted(storage, "zyzzogeton")).found).toEqual([]);
  });

  test("when a crash or a failed delete left a blob behind", async () => {
    const storage = memoryStorage();
    const first = start({ storage });
    const cube = await first.me.createCube("c");
    await cube.add(FILLER);
    const { ids } = await cube.add("the zyzzogeton secret");
    await first.os.close();
    expect((await persisted(storage, "zyzzogeton")).found).toEqual(ids);
    const again = memoryStorage({ from: storage.data });
    let failures = 2;
    const remove: typeof again.blobs.delete = async (tenantId, hash) => {
      if (failures-- > 0) throw new Error("the disk said no");
      return await again.blobs.delete(tenantId, hash);
    };
    const second = start({ storage: { ...again, blobs: { ...again.blobs, delete: remove } } });
    const reopened = await second.me.cube("c");
    await expect(reopened.erase(ids[0] as string)).rejects.toThrow("the disk said no");
    // Its task runs again: the pointer still says what is to be deleted.
    await second.os.idle();
    second.clock.advance(10_000);
    await second.os.idle();
    expect(await persisted(storage, "zyzzogeton")).toEqual({ blobs: 0, found: [] });
    expect(await again.vault.mark(REF, "index")).toBeUndefined();
  });
});

describe("following the log", () => {
  test("a log that went back is noticed though the index is ahead of it by number", async () => {
    const storage = memoryStorage();
    const { me } = start({ storage });
    const cube = await me.createCube("c");
    await cube.add("The ferry leaves at noon.");
    const before = structuredClone(storage.data.cubes);
    await cube.add("The train leaves at one.");
    expect((await cube.search("train")).hits).toHaveLength(1);
    // A backup of the storage is put back under the running process.
    storage.data.cubes.clear();
    for (const [key, row] of before) storage.data.cubes.set(key, row);
    expect((await cube.search("train")).hits).toHaveLength(0);
    expect((await cube.search("ferry")).hits).toHaveLength(1);
  });

  test("a persisted index that is ahead of what was asked for is not built again", async () => {
    const storage = memoryStorage();
    const first = start({ storage });
    const cube = await first.me.createCube("c");
    await cube.add(FILLER);
    await first.os.close();
    // Another process commits between the look at the cube and the look at its index.
    const real = memoryStorage({ from: storage.data });
    const late = await real.vault.cube(REF);
    const writer = start({ storage: memoryStorage({ from: storage.data }) });
    await (await writer.me.cube("c")).add(FILLER.map((text) => `more ${text}`));
    await (await writer.me.cube("c")).search("filler");
    await writer.os.close();
    const vault = { ...real.vault, cube: async () => await Promise.resolve(late) };
    const second = start({ storage: { ...real, vault } });
    const events = await heard("memcube:index", async () => {
      const found = await (await second.me.cube("c")).search("more filler");
      expect(found.hits.length).toBeGreaterThan(0);
    });
    expect(events.map(({ how }) => how)).toEqual(["loaded", "caught-up"]);
  });

  test("erased and imported again under its old id and number, it is read anew", async () => {
    const storage = memoryStorage();
    const one = start({ storage });
    const two = start({ storage: memoryStorage({ from: storage.data }) });
    const cube = await one.me.createCube("c");
    const { ids } = await cube.add("The boat is called Sigrid.");
    const reader = await two.me.cube("c");
    expect((await reader.search("boat")).hits[0]?.memory.payload).toMatchObject({
      text: "The boat is called Sigrid.",
    });
    await cube.erase(ids[0] as string);
    const twin = await one.me.createCube("twin");
    const { ids: other } = await twin.add("The boat is called Astrid.");
    const lines = [];
    for await (const line of twin.export()) lines.push(line);
    const renamed = lines.map((line) =>
      JSON.parse(JSON.stringify(line).replaceAll(other[0] as string, ids[0] as string)),
    );
    await cube.import(renamed);
    const [hit] = (await reader.search("boat")).hits;
    expect(hit?.memory.payload).toMatchObject({ text: "The boat is called Astrid." });
  });

  test("what was forgotten between ranking and reading is not given", async () => {
    const storage = memoryStorage();
    const writer = start({ storage });
    const cube = await writer.me.createCube("c");
    const { ids } = await cube.add(["The ferry leaves at noon.", "The ferry is blue."]);
    const real = memoryStorage({ from: storage.data });
    let before: (() => Promise<unknown>) | undefined;
    const read: typeof real.vault.read = async (ref, query) => {
      const act = before;
      before = undefined;
      await act?.();
      return await real.vault.read(ref, query);
    };
    const reader = start({ storage: { ...real, vault: { ...real.vault, read } } });
    const open = await reader.me.cube("c");
    before = async () => await cube.forget(ids[0] as string);
    const { hits } = await open.search("ferry");
    expect(hits.map(({ memory }) => memory.header.id)).toEqual([ids[1]]);
  });

  test("one row that can't be read costs that memory and is reported", async () => {
    const storage = memoryStorage();
    const first = start({ storage });
    const cube = await first.me.createCube("c");
    const { ids } = await cube.add(["The ferry leaves at noon.", "The ferry is blue."]);
    for (const { memories } of storage.data.cubes.values()) {
      for (const version of memories.get(ids[0] as string)?.versions ?? []) {
        Object.assign(version, { content: "{}" });
      }
    }
    const second = start({ storage: memoryStorage({ from: storage.data }) });
    const events = await heard("memcube:error", async () => {
      const { hits } = await (await second.me.cube("c")).search("ferry");
      expect(hits.map(({ memory }) => memory.header.id)).toEqual([ids[1]]);
    });
    expect(events.map(({ where }) => where)).toContain("index.row");
  });
});

describe("the cache", () => {
  test("the total of bytes is what the indexes in it take, without adding them up", async () => {
    const storage = memoryStorage();
    const { me } = start({ storage });
    const cubes = ["a", "b", "c"];
    for (const id of cubes) await (await me.createCube(id)).add([`${id} one`, `${id} two`]);
    const cache = new IndexCache(storage, {
      budgetBytes: Number.MAX_SAFE_INTEGER,
      model: undefined,
      clock: fixedClock(),
      process: "p",
      memories: new MemoryCache(1_000),
    });
    const sizes: number[] = [];
    for (const cubeId of cubes) {
      const ref = { tenantId: "default", cubeId };
      const position = await storage.vault.position(ref);
      if (position === undefined) throw new TypeError("the cube is there");
      sizes.push((await cache.at(ref, position)).index.sizeBytes);
    }
    expect(cache.sizeBytes).toBe(sizes.reduce((sum, size) => sum + size));
    await cache.release({ tenantId: "default", cubeId: "b" });
    expect(cache.sizeBytes).toBe((sizes[0] as number) + (sizes[2] as number));
    await cache.close();
    expect(cache.sizeBytes).toBe(0);
  });

  test("a search that is aborted ends while the index is built; others get it", async () => {
    const storage = memoryStorage();
    const first = start({ storage });
    await (await first.me.createCube("c")).add("The ferry leaves at noon.");
    const real = memoryStorage({ from: storage.data });
    const gate = Promise.withResolvers<void>();
    const list: typeof real.vault.list = async (ref, query) => {
      await gate.promise;
      return await real.vault.list(ref, query);
    };
    const second = start({ storage: { ...real, vault: { ...real.vault, list } } });
    const cube = await second.me.cube("c");
    const patient = cube.search("ferry");
    const signal = AbortSignal.timeout(10);
    await expect(cube.search("ferry", { signal })).rejects.toThrow(/abort|timeout/i);
    gate.resolve();
    expect((await patient).hits).toHaveLength(1);
  });
});

describe("hits", () => {
  test("the same text twice is one hit, and the places go to others", async () => {
    const { me } = start();
    const cube = await me.createCube("c");
    for (let i = 0; i < 6; i++) await cube.add("The ferry leaves at noon.");
    await cube.add("The ferry is blue and old.");
    const { hits } = await cube.search("ferry", { limit: 2 });
    expect(hits.map(({ memory }) => (memory.payload as { text: string }).text).sort()).toEqual([
      "The ferry is blue and old.",
      "The ferry leaves at noon.",
    ]);
  });
});
