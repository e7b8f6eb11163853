import { commitRequest, cubeWrite, memoryWrite } from "@memcube/conformance";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { type SqliteStorage, sqliteStorage } from "./sqlite-storage.ts";

const CUBE = { tenantId: "t", cubeId: "c" };
const SYSTEM = { system: "verify" } as const;

let directory: string;
let path: string;
let storage: SqliteStorage;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "memcube-sqlite-"));
  path = join(directory, "memory.db");
});

afterEach(async () => {
  await storage.close();
  await rm(directory, { recursive: true, force: true });
});

async function openWithCube(
  options: Partial<Parameters<typeof sqliteStorage>[0]> = {},
): Promise<void> {
  storage = await sqliteStorage({ path, durability: "process", ...options });
  await storage.vault.commit(commitRequest({ cube: CUBE, writes: [cubeWrite(CUBE)] }));
}

const put = (id: string, more: Partial<Parameters<typeof memoryWrite>[1]> = {}) =>
  storage.vault.commit(commitRequest({ cube: CUBE, writes: [memoryWrite(CUBE, { id, ...more })] }));

test("of commits written as a group, one that conflicts undoes only itself", async () => {
  await openWithCube();
  const commits = Array.from({ length: 50 }, (_, index) =>
    put(index % 5 === 4 ? "m0" : `m${index}`),
  );
  const outcomes = await Promise.allSettled(commits);
  expect(outcomes.filter(({ status }) => status === "rejected")).toHaveLength(10);
  const log = await storage.vault.log(CUBE, { afterSeq: 0, limit: 100 });
  expect(log.map(({ seq }) => seq)).toEqual(Array.from({ length: 41 }, (_, index) => index + 1));
  expect((await storage.vault.stats(CUBE)).memories).toBe(40);
});

test("a full file fails what does not fit, keeps the rest, and works again with room", async () => {
  await openWithCube({ maxPages: 120 });
  const acknowledged: string[] = [];
  let full = 0;
  for (let index = 0; index < 60; index += 1) {
    try {
      await put(`m${index}`, {
        text: `${index} ${"lorem ipsum ".repeat(800)}`,
        terms: `w${index}`,
      });
      acknowledged.push(`m${index}`);
    } catch (error) {
      expect(error).toMatchObject({ code: "MEMCUBE_STORAGE_FULL", retryable: true });
      full += 1;
    }
  }
  expect(full).toBeGreaterThan(0);
  expect(acknowledged.length).toBeGreaterThan(5);
  const group = [put("big", { text: "x".repeat(400_000), terms: "" }), put("small", { text: "s" })];
  const [big, small] = await Promise.allSettled(group);
  expect(big).toMatchObject({ status: "rejected", reason: { code: "MEMCUBE_STORAGE_FULL" } });
  if (small?.status === "fulfilled") acknowledged.push("small");
  await storage.close();

  storage = await sqliteStorage({ path, durability: "process" });
  const page = await storage.vault.list(CUBE, {
    access: SYSTEM,
    filter: {},
    order: "oldest",
    limit: 1_000,
  });
  expect(page.items.map(({ id }) => id)).toEqual(acknowledged);
  await put("more", { text: "y".repeat(400_000) });
});

/** Files of the storage in which the words are found. */
async function filesWith(words: string): Promise<string[]> {
  const names = (await readdir(directory)).filter((name) => name.startsWith("memory.db"));
  const found = await Promise.all(
    names.map(async (name) => {
      const bytes = await readFile(join(directory, name)).catch(() => Buffer.alloc(0));
      return bytes.includes(words) ? [name] : [];
    }),
  );
  return found.flat();
}

test("what was erased is in no file soon after, nor after closing", async () => {
  await openWithCube();
  for (let index = 0; index < 200; index += 1) {
    await put(`m${index}`, {
      text: `the secret ${index} is xyzzy${index}q and plugh${index}q`,
      tags: [`xyzzy${index}q`],
      externalKey: `xyzzy${index}q`,
    });
  }
  await put("m7", { text: "another text, the secret is gone", expectedVersion: 1 });
  expect(await filesWith("xyzzy7q")).not.toEqual([]);
  const erase = { op: "erase", id: "m7" } as const;
  await storage.vault.commit(commitRequest({ cube: CUBE, writes: [erase] }));
  await pause(150); // "soon": a checkpoint and a look at the pages; the margin is for a busy machine
  expect(await filesWith("xyzzy7q")).toEqual([]);
  expect(await filesWith("plugh7q")).toEqual([]);
  expect(await filesWith("xyzzy8q")).not.toEqual([]);
  await storage.close();
  expect(await filesWith("xyzzy7q")).toEqual([]);
});

test("what was erased goes also while others write without a pause", async () => {
  await openWithCube();
  await put("victim", { text: "xyzzy is the secret" });
  let going = true;
  const writers = Array.from({ length: 8 }, async (_, writer) => {
    for (let count = 0; going; count += 1) await put(`w${writer}-${count}`);
  });
  const erase = { op: "erase", id: "victim" } as const;
  await storage.vault.commit(commitRequest({ cube: CUBE, writes: [erase] }));
  const until = performance.now() + 10_000;
  while ((await filesWith("xyzzy")).length > 0 && performance.now() < until) await pause(20);
  expect(await filesWith("xyzzy")).toEqual([]);
  going = false;
  await Promise.all(writers);
});

test("a database in RAM works, and keeps nothing", async () => {
  path = ":memory:";
  await openWithCube();
  expect(storage.vault.capabilities.durability).toBe("none");
  await put("m1");
  const { hash } = await storage.blobs.put("t", new Uint8Array([1, 2, 3]));
  expect(await storage.blobs.get("t", hash)).toEqual(new Uint8Array([1, 2, 3]));
  expect(await storage.vault.read(CUBE, { access: SYSTEM, ids: ["m1"] })).toHaveLength(1);
  await expect(storage.backup(join(directory, "copy.db"))).rejects.toMatchObject({
    code: "MEMCUBE_NOT_SUPPORTED",
  });
  expect(await readdir(directory)).toEqual([]);
});

test("a database in RAM knows at once which cubes were never there", async () => {
  path = ":memory:";
  await openWithCube();
  const other = { tenantId: "t", cubeId: "other" };
  const found = vi.fn<(cube: unknown) => void>();
  void storage.vault.cube(other).then(found);
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  expect(found.mock.calls).toEqual([[undefined]]);
  await storage.vault.commit(commitRequest({ cube: other, writes: [cubeWrite(other)] }));
  expect(await storage.vault.cube(other)).toMatchObject({ position: { seq: 1 } });
  await storage.vault.dropCube(other);
  expect(await storage.vault.cube(other)).toBeUndefined();
  await storage.close();
  await expect(storage.vault.cube({ ...other, cubeId: "new" })).rejects.toMatchObject({
    code: "MEMCUBE_CLOSED",
  });
});

test("terms of one cube say nothing in another, whatever they are made of", async () => {
  await openWithCube();
  const other = { tenantId: "t", cubeId: "d" };
  await storage.vault.commit(commitRequest({ cube: other, writes: [cubeWrite(other)] }));
  await put("m1", { text: "x", terms: "plum" });
  const forged = [
    "plum",
    "1_plum",
    "a\u00a01_plum",
    "a\u180e1_plum",
    "a\u{10fffe}1_plum",
    '" OR 1_plum',
  ];
  const writes = forged.map((terms, index) =>
    memoryWrite(other, { id: `f${index}`, text: "y", terms }),
  );
  await storage.vault.commit(commitRequest({ cube: other, writes }));
  const query = { filter: {}, access: SYSTEM, now: 0, limit: 10 };
  const found = await storage.vault.candidates(CUBE, { ...query, terms: ["plum"] });
  expect(found.map(({ id }) => id)).toEqual(["m1"]);
  for (const terms of [
    ['plum" OR "f'],
    ["*"],
    ["NEAR(plum"],
    ["terms:plum"],
    ["^plum"],
    [""],
    [],
  ]) {
    expect(await storage.vault.candidates(CUBE, { ...query, terms })).toEqual([]);
  }
});
