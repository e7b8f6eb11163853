import { memoryStorage } from "@memcube/core/testing";
import type { BlobStore } from "@memcube/core";
import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Llama } from "node-llama-cpp";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { tinyModel } from "../testing/index.ts";
import type { KvStoreOptions } from "./kv-options.ts";
import { type DirectoryKvStore, openKvStore } from "./kv-store.ts";
import { someTokens, testLlama, type TestModel, testModel, type TestSequence } from "./testing.ts";
import type { KvFilled, KvRequest, KvSequence } from "./types.ts";

let llama: Llama;
let model: TestModel;
let one: TestSequence;
let other: TestSequence;
let directory: string;
const stores: DirectoryKvStore[] = [];

beforeAll(async () => {
  llama = await testLlama();
  model = await testModel(llama, await tinyModel());
  [one, other] = [...(await model.sequences(1)), ...(await model.sequences(1))] as [
    TestSequence,
    TestSequence,
  ];
});
afterAll(async () => {
  await model.dispose();
  await llama.dispose();
}, 60_000);
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "memcube-kv-"));
  await one.truncate(0);
  await other.truncate(0);
});
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
  await rm(directory, { recursive: true, force: true });
});

async function open(options: Partial<KvStoreOptions> = {}): Promise<DirectoryKvStore> {
  const store = await openKvStore({ directory, ...options });
  stores.push(store);
  return store;
}

const scope = "tenant";
const question = someTokens(20, 99);
const tokens = someTokens(1_000);
const request: KvRequest = { scope, tokens };

function filled(store: DirectoryKvStore, sequence: KvSequence): Promise<KvFilled> {
  return store.fill(sequence, request);
}

/** Stores the prefix and gives the answer without memory. */
async function stored(store: DirectoryKvStore, wanted: KvRequest = request): Promise<number[]> {
  const filled = await store.fill(one, wanted);
  await filled.saved;
  const whole = wanted.tokens.length - (wanted.tokens.length % 256);
  return await one.greedy([...wanted.tokens.slice(whole), ...question], 24);
}

async function answer(sequence: TestSequence, from: number): Promise<number[]> {
  return await sequence.greedy([...tokens.slice(from), ...question], 24);
}

async function filesIn(folder: "links" | "pages"): Promise<string[]> {
  const names = await readdir(directory, { recursive: true, withFileTypes: true });
  return names
    .filter((name) => name.isFile() && name.parentPath.includes(`/${folder}/`))
    .map(({ parentPath, name }) => join(parentPath, name))
    .toSorted();
}

describe("a prefix that was filled", () => {
  test.each([{}, { compress: true }, { secret: Buffer.from("secret") }, { hotBytes: 0 }])(
    "is restored by another store with %j, and the answer is the same",
    async (options) => {
      const first = await open(options);
      const cold = await first.fill(one, request);
      expect(cold).toMatchObject({ restoredTokens: 0, keptTokens: 0, prefilledTokens: 768 });
      expect(cold.reason).toBe("nothing-stored");
      expect(await cold.saved).toEqual({ writtenTokens: 768 });
      const expected = await answer(one, 768);

      const warm = await (await open(options)).fill(other, request);
      expect(warm).toMatchObject({ restoredTokens: 768, keptTokens: 0, prefilledTokens: 0 });
      expect(warm.reason).toBeUndefined();
      expect(other.tokens()).toEqual(tokens.slice(0, 768));
      expect(await answer(other, 768)).toEqual(expected);
    },
  );

  test("is shared as far as another prompt goes with it", async () => {
    const store = await open();
    await stored(store);
    const fork = { scope, tokens: [...tokens.slice(0, 600), ...someTokens(400, 7)] };
    const filled = await store.fill(other, fork);
    expect(filled).toMatchObject({ restoredTokens: 512, prefilledTokens: 256 });
    expect(await filled.saved).toEqual({ writtenTokens: 256 });
    expect(await filesIn("pages")).toHaveLength(4);
    const warm = await other.greedy([...fork.tokens.slice(768), ...question], 24);
    await one.truncate(0);
    await one.prefill(fork.tokens);
    expect(await one.greedy(question, 24)).toEqual(warm);
  });

  test("stays in the sequence that has it", async () => {
    const store = await open();
    await stored(store);
    const again = await store.fill(one, request);
    expect(again).toMatchObject({ restoredTokens: 0, keptTokens: 768, prefilledTokens: 0 });
  });

  test("is told apart by everything that decides its bytes", async () => {
    const store = await open();
    await stored(store);
    const { identity } = one;
    for (const special of [
      { modelSha256: "f".repeat(64) },
      { engineBuild: "later" },
      { backend: "cpu/other" },
      { kvTypes: { key: "Q8_0", value: "F16" } },
      { contextParameters: "other" },
      { batchSchedule: "512" },
      { lora: [{ sha256: "a".repeat(64), scale: 1 }] },
    ]) {
      const foreign = { ...other, identity: { ...identity, ...special } };
      expect(await store.restore(foreign, request), JSON.stringify(special)).toEqual({
        restoredTokens: 0,
        reason: "nothing-stored",
      });
    }
    const scopeless = await store.restore(other, { ...request, scope: "another" });
    expect(scopeless).toMatchObject({ restoredTokens: 0 });
    expect(await store.restore(other, request)).toEqual({ restoredTokens: 768 });
  });

  test("is prefilled once by four who ask at the same time", async () => {
    const store = await open();
    const four = await model.sequences(4);
    let prefilled = 0;
    const counted = four.map((sequence) => ({
      ...sequence,
      prefill: async (part: readonly number[]) => {
        prefilled += part.length;
        await sequence.prefill(part);
      },
    }));
    const filled = await Promise.all(counted.map((sequence) => store.fill(sequence, request)));
    expect(prefilled).toBe(768);
    expect(filled.map((each) => each.restoredTokens).toSorted((a, b) => a - b)).toEqual([
      0, 768, 768, 768,
    ]);
    const answers = await Promise.all(four.map((sequence) => answer(sequence, 768)));
    await one.prefill(tokens);
    const expected = await one.greedy(question, 24);
    for (const each of answers) expect(each).toEqual(expected);
  });

  test("that one who claimed it could not make is made by the next", async () => {
    const store = await open();
    const claimed = Promise.withResolvers<void>();
    const failing = {
      ...one,
      prefill: async () => {
        claimed.resolve();
        await new Promise((resolve) => setTimeout(resolve, 50));
        throw new Error("no more room");
      },
    };
    const failed = filled(store, failing);
    await Promise.race([claimed.promise, failed]);
    const [first, second] = await Promise.allSettled([failed, filled(store, other)]);
    expect(first).toMatchObject({ status: "rejected" });
    expect(second).toMatchObject({ status: "fulfilled", value: { prefilledTokens: 768 } });
  });
});

test("tokens that were generated are never stored", async () => {
  const store = await open();
  await one.prefill(tokens.slice(0, 500));
  const generated = await one.greedy(question, 300);
  expect(one.exactTokens()).toBe(256);
  const held = [...one.tokens()];
  expect(held.length).toBeGreaterThan(768);
  const { done } = await store.save(one, { scope, tokens: held });
  expect(await done).toEqual({ writtenTokens: 0, reason: "not-exact" });
  expect(generated).toHaveLength(300);
  const filled = await store.fill(one, { scope, tokens: held });
  expect(filled).toMatchObject({ keptTokens: 256, restoredTokens: 0 });
});

test("other tokens than the sequence holds are not stored under their name", async () => {
  const store = await open();
  await one.prefill(tokens.slice(0, 512));
  const { done } = await store.save(one, { scope, tokens: someTokens(512, 3) });
  expect(await done).toEqual({ writtenTokens: 0, reason: "other-tokens" });
  expect(await filesIn("links")).toEqual([]);
});

describe("what is damaged on disk", () => {
  const damages: readonly [string, () => Promise<void>, string][] = [
    ["a page with a flipped bit", async () => await flip(await middle("pages")), "page-damaged"],
    ["a page cut short", async () => await cut(await middle("pages")), "page-damaged"],
    ["a longer page", async () => await appendFile(await middle("pages"), "x"), "page-damaged"],
    ["a page that is gone", async () => await rm(await middle("pages")), "page-missing"],
    ["two pages swapped", async () => await swap(await filesIn("pages")), "page-damaged"],
    ["a link with a flipped bit", async () => await flip(await middle("links")), "link-damaged"],
    ["an empty link", async () => await writeFile(await middle("links"), ""), "link-damaged"],
    ["two links swapped", async () => await swap(await filesIn("links")), "link-damaged"],
  ];

  /** The file of the second page: by name, so that it is the same one each time. */
  async function middle(folder: "links" | "pages"): Promise<string> {
    return (await filesIn(folder))[1]!;
  }
  async function flip(path: string): Promise<void> {
    const bytes = await readFile(path);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(path, bytes);
  }
  async function cut(path: string): Promise<void> {
    await writeFile(path, (await readFile(path)).subarray(0, -1));
  }
  async function swap([a, b]: readonly string[]): Promise<void> {
    const [one, two] = [await readFile(a!), await readFile(b!)];
    await writeFile(a!, two);
    await writeFile(b!, one);
  }

  test.each(damages)("%s is a miss, and is made anew", async (_, damage, reason) => {
    const expected = await stored(await open());
    await damage();
    const filled = await (await open()).fill(other, request);
    expect(filled.reason).toBe(reason);
    expect(filled.restoredTokens).toBeLessThan(768);
    expect(filled.restoredTokens + filled.prefilledTokens).toBe(768);
    await filled.saved;
    expect(await answer(other, 768)).toEqual(expected);

    await other.truncate(0);
    expect((await (await open()).fill(other, request)).restoredTokens).toBe(768);
    expect(await answer(other, 768)).toEqual(expected);
  });
});

test("pages lie in a blob store where one is given, each scope a tenant of its own", async () => {
  const { blobs } = memoryStorage();
  const expected = await stored(await open({ blobs }));
  expect(await filesIn("pages")).toEqual([]);
  const pages = await blobs.list(scope, { limit: 10 });
  expect(pages).toHaveLength(3);
  const warm = await (await open({ blobs })).fill(other, request);
  expect(warm).toMatchObject({ restoredTokens: 768 });
  expect(await answer(other, 768)).toEqual(expected);
  await blobs.delete(scope, pages[0]!);
  await other.truncate(0);
  const store = await open({ blobs });
  expect((await store.fill(other, request)).reason).toBe("page-missing");
  await store.forgetTenant(scope);
  expect(await blobs.list(scope, { limit: 10 })).toEqual([]);
});

test("a state llama.cpp refuses is a miss, and the sequence is empty", async () => {
  const store = await open();
  await stored(store);
  const small = { ...other, shape: { ...other.shape, streams: 2 } };
  expect(await store.restore(small, request)).toEqual({ restoredTokens: 0, reason: "load-failed" });
  expect(other.tokens()).toEqual([]);
  expect((await store.fill(other, request)).restoredTokens).toBe(768);
});

test("a context too small for all of it takes what fits", async () => {
  const store = await open();
  await stored(store);
  const [small] = await model.sequences(1, { contextSize: 600 });
  const restored = await store.restore(small!, request);
  expect(restored).toEqual({ restoredTokens: 512, reason: "context-too-small" });
});

test("without a directory that can be written everything is prefilled", async () => {
  await writeFile(join(directory, "file"), "");
  const store = await open({ directory: join(directory, "file", "below") });
  const filled = await store.fill(one, request);
  expect(filled).toMatchObject({ prefilledTokens: 768, reason: "storage-failed" });
  expect(await filled.saved).toEqual({ writtenTokens: 0, reason: "storage-failed" });
});

test("the directory stays within its budget, and prefixes in use stay", async () => {
  const page = 4 * 256 * 256 + 2_048;
  const store = await open({ diskBytes: 6 * page, hotBytes: 0 });
  await stored(store);
  for (let seed = 2; seed < 6; seed += 1) {
    await other.truncate(0);
    await store.fill(other, request);
    const filled = await store.fill(one, { scope, tokens: someTokens(512, seed) });
    await filled.saved;
  }
  const files = await filesIn("pages");
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(6 * page);
  await other.truncate(0);
  expect(await store.restore(other, request)).toEqual({ restoredTokens: 768 });
});

test("a scope that another process dropped is gone from RAM too", async () => {
  const store = await open();
  await stored(store);
  await (await open()).forgetTenant(scope);
  expect(await filesIn("links")).toEqual([]);
  expect(await store.restore(other, request)).toMatchObject({ restoredTokens: 0 });
  const filled = await store.fill(other, request);
  expect(await filled.saved).toEqual({ writtenTokens: 768 });
});

test("a tenant's states are forgotten with narrower scopes and the unnamed one, others stay", async () => {
  const store = await open();
  for (const name of ["tenant", "tenant/ada", "tenants", ""]) {
    await one.truncate(0);
    await (
      await store.fill(one, { scope: name, tokens })
    ).saved;
  }
  await store.forgetTenant("tenant");
  expect((await store.list()).map((each) => each.scope)).toEqual(["tenants"]);
});

test("a page on its way does not bring back a scope that was dropped", async () => {
  const { blobs: plain } = memoryStorage();
  const other = await open({ blobs: plain });
  let dropped = false;
  const blobs: BlobStore = {
    ...plain,
    put: async (tenantId, bytes) => {
      const result = await plain.put(tenantId, bytes);
      // The second page is there, its link not yet.
      if (!dropped && (await plain.list(scope, { limit: 10 })).length === 2) {
        dropped = true;
        await other.forgetTenant(scope);
      }
      return result;
    },
  };
  const filled = await (await open({ blobs })).fill(one, request);
  expect(await filled.saved).toMatchObject({ reason: "storage-failed" });
  expect(dropped).toBe(true);
  expect(await filesIn("links")).toEqual([]);
  expect(await plain.list(scope, { limit: 10 })).toEqual([]);
});

test("files of the future, and folders of no scope, are leftovers too", async () => {
  const store = await open();
  await stored(store);
  const stray = join(directory, "0123456789abcdef0123456789abcdef");
  await mkdir(join(stray, "pages"), { recursive: true });
  const lock = join(directory, "collecting");
  await writeFile(lock, "");
  const hour = 3_600;
  for (const path of [stray, lock]) {
    await utimes(path, Date.now() / 1_000 + hour, Date.now() / 1_000 + hour);
  }
  expect(await store.collect()).toMatchObject({ removedPages: 0, removedFiles: 1 });
  expect(await readdir(directory)).not.toContain("0123456789abcdef0123456789abcdef");
});

test("an aborted request rejects with the signal's reason, also while it waits", async () => {
  const store = await open();
  const reason = new Error("enough");
  const aborted = { ...request, signal: AbortSignal.abort(reason) };
  await expect(store.fill(one, aborted)).rejects.toBe(reason);
  const gate = Promise.withResolvers<void>();
  const slow = { ...one, prefill: () => gate.promise };
  const first = filled(store, slow);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const controller = new AbortController();
  const waiting = store.fill(other, { ...request, signal: controller.signal });
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  gate.resolve();
  await (
    await first
  ).saved;
});

test("a closed store restores and stores nothing", async () => {
  const store = await open();
  await store.close();
  const filled = await store.fill(one, request);
  expect(filled).toMatchObject({ prefilledTokens: 768, reason: "store-closed" });
  expect(await filled.saved).toMatchObject({ reason: "store-closed" });
});

test("what is stored can be listed and verified", async () => {
  const store = await open();
  await stored(store);
  await stored(store, { scope, tokens: [...tokens.slice(0, 256), ...someTokens(256, 4)] });
  await other.truncate(0);
  await store.fill(other, request);
  const prefixes = await store.list();
  expect(prefixes.map(({ tokens: count, uses }) => [count, uses])).toEqual([
    [768, 1],
    [512, 0],
  ]);
  const [long, short] = prefixes;
  expect(short!.ownBytes * 2).toBe(short!.storedBytes);
  expect(long).toMatchObject({ scope, model: one.identity.modelSha256 });
  expect(await store.verify()).toEqual({ pages: 4, problems: [] });
  await rm((await filesIn("pages"))[0]!);
  expect((await store.verify()).problems).toMatchObject([{ problem: "page-missing" }]);
});
