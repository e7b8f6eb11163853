import { describe, expect, test } from "vitest";

import type { KvState, LoraFile } from "../../../flow/index.ts";
import { LIMITS } from "../../../limits.ts";
import { sha256Hex, type Memory } from "../../../memory/index.ts";
import type { BlobStore } from "../../../ports/index.ts";
import { memoryStorage } from "../../../testing/index.ts";
import { testOS } from "../../../testing/test-os.ts";
import type { MemCube } from "../mem-cube.ts";
import { visibilityOfAll } from "./promote.ts";

const PAGES = [new Uint8Array([1, 2, 3]), new Uint8Array([4, 5, 6, 7])];
const STATE: KvState = {
  modelSha256: "a".repeat(64),
  engineKey: "engine",
  lora: [],
  tokenCount: 512,
  tokensSha256: "b".repeat(64),
  pages: PAGES,
};
const LORA: LoraFile = {
  baseModelSha256: "a".repeat(64),
  architecture: "llama",
  rank: 4,
  alpha: 8,
  bytes: new Uint8Array([9, 9]),
};

async function cubeWith(texts: readonly string[]) {
  const { os, clock, storage } = testOS();
  const cube = await os.as({ userId: "ada" }).createCube("notes");
  const { ids } = await cube.add([...texts]);
  const sources = ids.map((id) => ({ id, version: 1 }));
  const blobs = () => storage.blobs.list("default", { limit: 100 });
  return { os, clock, storage, cube, ids, sources, blobs };
}

async function erased(cube: MemCube, memory: Memory): Promise<boolean> {
  return (await cube.get(memory.header.id)) === undefined;
}

describe("a KV state", () => {
  test("is kept as an activation memory of its sources, and recalled as it was", async () => {
    const { cube, ids, sources } = await cubeWith(["tea", "coffee"]);
    const memory = await cube.promote(STATE, { sources, tags: ["prompt"] });
    expect(memory.header).toMatchObject({ kind: "activation", type: "kv-state", tags: ["prompt"] });
    expect(memory.edges).toEqual(
      ids.map((id) => ({
        type: "derived-from",
        to: { cubeId: "notes", id },
        toVersion: 1,
      })),
    );
    const { id } = memory.header;
    expect(await cube.recallState(id)).toEqual({ state: STATE });
    const { modelSha256 } = STATE;
    expect(await cube.recallState(id, { modelSha256 })).toEqual({ state: STATE });
    const foreign = { modelSha256: "f".repeat(64) };
    expect(await cube.recallState(id, foreign)).toEqual({ refused: "foreign-model" });
    expect(await cube.recallState(id, { engineKey: "engine" })).toEqual({ state: STATE });
    expect(await cube.recallState(id, { engineKey: "another" })).toEqual({
      refused: "foreign-engine",
    });
    expect((await cube.dependents(ids[0]!)).items).toMatchObject([{ from: memory.header.id }]);
    expect((await cube.verify()).ok).toBe(true);
  });

  test.each([
    ["changed", (cube: MemCube, id: string) => cube.update(id, { text: "water" })],
    ["forgotten", (cube: MemCube, id: string) => cube.forget(id)],
    ["rolled back", (cube: MemCube, id: string) => cube.rollback(id, 1)],
  ])("is refused and erased once a source was %s", async (_, change) => {
    const { os, cube, ids, sources, blobs } = await cubeWith(["tea"]);
    await cube.update(ids[0]!, { text: "green tea" });
    const memory = await cube.promote(STATE, { sources: [{ ...sources[0]!, version: 2 }] });
    expect(await blobs()).toHaveLength(2);
    await change(cube, ids[0]!);
    expect(await cube.recallState(memory.header.id)).toEqual({ refused: "source-changed" });
    await expect.poll(() => erased(cube, memory)).toBe(true);
    await os.idle();
    expect(await blobs()).toEqual([]);
    expect(await cube.get(ids[0]!)).toBeDefined();
  });

  test("is erased with a source, and its pages with it", async () => {
    const { cube, ids, sources, blobs } = await cubeWith(["tea", "coffee"]);
    const memory = await cube.promote(STATE, { sources });
    const other = await cube.promote({ ...STATE, pages: [PAGES[0]!] }, { sources: [sources[1]!] });
    const before = await blobs();
    expect(before).toHaveLength(2);
    await cube.erase(ids[0]!);
    expect(await erased(cube, memory)).toBe(true);
    // The page that the other state has too stays.
    expect(await blobs()).toHaveLength(1);
    expect(await cube.recallState(other.header.id)).toMatchObject({ state: { pages: [PAGES[0]] } });
    await cube.erase(other.header.id);
    expect(await blobs()).toEqual([]);
    const changes: string[] = [];
    for await (const { op, memoryId, decision } of cube.log()) {
      if (op === "erase" && memoryId === memory.header.id) changes.push(...decision.rules);
    }
    expect(changes).toEqual(["background:sources-gone"]);
    expect((await cube.verify()).ok).toBe(true);
  });

  test("is not kept of a source that changed meanwhile, is not there or not seen", async () => {
    const { os, cube, ids, sources, blobs } = await cubeWith(["tea"]);
    await cube.update(ids[0]!, { text: "green tea" });
    await expect(cube.promote(STATE, { sources })).rejects.toMatchObject({
      code: "MEMCUBE_CONFLICT",
    });
    const gone = [{ id: "nowhere", version: 1 }];
    await expect(cube.promote(STATE, { sources: gone })).rejects.toMatchObject({
      code: "MEMCUBE_MEMORY_NOT_FOUND",
    });
    await cube.configure({ allow: ["user:bob"], writers: ["user:bob"] });
    await cube.update(ids[0]!, { allow: [] });
    const bobs = await os.as({ userId: "bob" }).cube("notes");
    const hidden = [{ id: ids[0]!, version: 3 }];
    await expect(bobs.promote(STATE, { sources: hidden })).rejects.toMatchObject({
      code: "MEMCUBE_MEMORY_NOT_FOUND",
    });
    expect(await blobs()).toEqual([]);
  });

  test.each([
    [
      "changes",
      async (cube: MemCube, id: string) => void (await cube.update(id, { text: "water" })),
    ],
    ["is erased", async (cube: MemCube, id: string) => void (await cube.erase(id))],
  ])("is not kept when a source %s while it is being stored", async (_, change) => {
    const plain = memoryStorage();
    let meanwhile: (() => Promise<void>) | undefined;
    const blobs: BlobStore = {
      ...plain.blobs,
      put: async (tenantId, bytes) => {
        const run = meanwhile;
        meanwhile = undefined;
        await run?.();
        return await plain.blobs.put(tenantId, bytes);
      },
    };
    const { os } = testOS({ storage: { ...plain, blobs } });
    const cube = await os.as({ userId: "ada" }).createCube("notes");
    const { ids } = await cube.add("tea");
    meanwhile = async () => await change(cube, ids[0]!);
    const sources = [{ id: ids[0]!, version: 1 }];
    await expect(cube.promote(STATE, { sources })).rejects.toMatchObject({
      code: "MEMCUBE_CONFLICT",
    });
    expect((await cube.list({ kinds: ["activation"] })).items).toEqual([]);
    expect(await plain.blobs.list("default", { limit: 10 })).toEqual([]);
  });

  test("is not there for who may not see a source, now or later", async () => {
    const { os, cube, ids } = await cubeWith(["tea", "coffee"]);
    await cube.configure({ allow: ["user:bob", "user:eve"] });
    await cube.update(ids[1]!, { allow: ["user:bob"] });
    const sources = [
      { id: ids[0]!, version: 1 },
      { id: ids[1]!, version: 2 },
    ];
    const { header } = await cube.promote(STATE, { sources });
    const bob = await os.as({ userId: "bob" }).cube("notes");
    const eve = await os.as({ userId: "eve" }).cube("notes");
    expect(await bob.recallState(header.id)).toEqual({ state: STATE });
    expect(await eve.recallState(header.id)).toBeUndefined();
    expect(await eve.get(header.id)).toBeUndefined();
    // Taken away later by a new version: then the state is of another version, for everybody.
    await cube.update(ids[1]!, { allow: [] });
    expect(await bob.recallState(header.id)).toBeUndefined();
    expect(await cube.recallState(header.id)).toEqual({ refused: "source-changed" });
  });

  test("whose bytes are gone or damaged is refused", async () => {
    const { cube, storage, sources, blobs } = await cubeWith(["tea"]);
    const { header } = await cube.promote(STATE, { sources });
    for (const hash of await blobs()) await storage.blobs.delete("default", hash);
    expect(await cube.recallState(header.id)).toEqual({ refused: "bytes-missing" });
  });

  test("of one cube is no blob of another", async () => {
    const { os, cube, sources, blobs } = await cubeWith(["tea"]);
    await cube.promote(STATE, { sources });
    const second = await os.as({ userId: "ada" }).createCube("second");
    const { ids } = await second.add("tea");
    const there = await second.promote(STATE, { sources: [{ id: ids[0]!, version: 1 }] });
    expect(await blobs()).toHaveLength(4);
    await cube.erase(sources[0]!.id);
    expect(await second.recallState(there.header.id)).toEqual({ state: STATE });
    expect(await blobs()).not.toContain(sha256Hex(PAGES[0]!));
  });

  test("is found by no search and leaves plaintext alone", async () => {
    const { cube, sources } = await cubeWith(["tea is green"]);
    await cube.promote(STATE, { sources, tags: ["tea"] });
    const { hits } = await cube.search("tea");
    expect(hits.map(({ memory }) => memory.header.kind)).toEqual(["plaintext"]);
  });
});

test("bytes and sources of a state are changed by no update, and taken from no line", async () => {
  const { os, cube, sources, ids } = await cubeWith(["tea", "coffee"]);
  const { header, payload } = await cube.promote(STATE, { sources });
  const [page] = (payload as { pages: string[] }).pages;
  const refused = { code: "MEMCUBE_INVALID_INPUT" };
  await expect(cube.update(header.id, { edges: [] }, { mode: "overwrite" })).rejects.toMatchObject(
    refused,
  );
  const other = { payload: { pages: ["c".repeat(64)] } };
  await expect(cube.update(header.id, other)).rejects.toMatchObject(refused);
  const disguised = cube.update(ids[0]!, { payload: { ...payload } }, { mode: "overwrite" });
  await expect(disguised).rejects.toMatchObject(refused);
  expect((await cube.update(header.id, { tags: ["prompt"] })).version.number).toBe(2);
  expect(await cube.recallState(header.id)).toEqual({ state: STATE });

  const lines = [];
  for await (const line of cube.export()) lines.push(line);
  expect(lines.map((line) => line.payload.type)).toEqual(["text", "text"]);
  const second = await os.as({ userId: "ada" }).createCube("second");
  const crafted = { memcube: 1, header, payload, edges: [] };
  expect(page).toBeDefined();
  expect((await second.import([crafted])).rejected).toHaveLength(1);
});

describe("a LoRA", () => {
  test("has versions, each with its file, until it is erased", async () => {
    const { os, clock, cube, blobs } = await cubeWith(["tea"]);
    const { header } = await cube.keepLora(LORA, { tags: ["style"] });
    const better = { ...LORA, bytes: new Uint8Array([7, 7, 7]), rank: 8 };
    const options = { replaces: header.id, expectedVersion: 1 };
    const second = await cube.keepLora(better, options);
    expect(second).toMatchObject({
      version: { number: 2 },
      header: { id: header.id, tags: ["style"] },
    });
    expect(await cube.recallLora(header.id)).toEqual({ lora: better });
    await expect(cube.keepLora(LORA, options)).rejects.toMatchObject({ code: "MEMCUBE_CONFLICT" });
    await cube.rollback(header.id, 1);
    expect(await cube.recallLora(header.id)).toEqual({ lora: LORA });
    expect((await cube.update(header.id, { payload: { description: "tea" } })).version.number).toBe(
      4,
    );
    // That of the version which was refused goes later.
    clock.advance(2 * LIMITS.dropDelayMs);
    await os.idle();
    expect(await blobs()).toHaveLength(2);
    await cube.erase(header.id);
    expect(await blobs()).toEqual([]);
  });

  test("of equal bytes, kept while another is being erased, has its file", async () => {
    const storage = memoryStorage();
    const { os } = testOS({ storage });
    const cube = await os.as({ userId: "ada" }).createCube("notes");
    const first = await cube.keepLora(LORA);
    const remove = storage.blobs.delete.bind(storage.blobs);
    let keeping: Promise<Memory> | undefined;
    // Who points to the file has been looked at by now, and it is about to go.
    storage.blobs.delete = async (...args: Parameters<BlobStore["delete"]>) => {
      await (keeping ??= cube.keepLora(LORA));
      return await remove(...args);
    };
    await cube.erase(first.header.id);
    const second = await keeping!;
    expect(await cube.recallLora(second.header.id)).toEqual({ lora: LORA });
    await cube.erase(second.header.id);
    expect(await storage.blobs.list("default", { limit: 10 })).toEqual([]);
  });

  test("is kept as a parameter memory, and its file goes with it", async () => {
    const { cube, sources, blobs } = await cubeWith(["tea"]);
    const { header, payload } = await cube.keepLora(LORA, { sources });
    expect(payload).toMatchObject({ type: "lora", rank: 4, alpha: 8 });
    expect(header.kind).toBe("parameter");
    expect(await cube.recallLora(header.id)).toEqual({ lora: LORA });
    expect(await cube.recallState(header.id)).toBeUndefined();
    const foreign = { modelSha256: "f".repeat(64) };
    expect(await cube.recallLora(header.id, foreign)).toEqual({ refused: "foreign-model" });
    // What was learned is not unlearned by taking the file away: that is another decision.
    await cube.erase(sources[0]!.id);
    expect(await cube.recallLora(header.id)).toEqual({ lora: LORA });
    await cube.erase(header.id);
    expect(await blobs()).toEqual([]);
  });
});

test("who may see all sources: allowed by each list, denied by none", () => {
  const header = (allow: string[] | undefined, deny: string[] = []) =>
    ({ header: { owner: "user:ada", allow, deny } }) as unknown as Memory;
  expect(visibilityOfAll([header(undefined)])).toEqual({});
  expect(
    visibilityOfAll([header(["user:bob", "role:x"]), header(["role:x"]), header(undefined)]),
  ).toEqual({ allow: ["user:ada", "role:x"] });
  expect(
    visibilityOfAll([header(undefined, ["user:eve"]), header(undefined, ["user:bob"])]),
  ).toEqual({
    deny: ["user:eve", "user:bob"],
  });
});
