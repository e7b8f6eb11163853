import { execFileSync } from "node:child_process";
import {
  chmod,
  mkdir,
  mkdtemp,
  open,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { commitRequest, cubeWrite, memoryWrite } from "@memcube/conformance";
import { type SqliteStorage, sqliteStorage } from "@memcube/sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";

import { SHARED, TENANT, THREAD } from "./acknowledged.ts";
import { runProcess } from "./run-process.ts";

const SYSTEM = { system: "verify" } as const;
const IS_ROOT = process.getuid?.() === 0;
const NOBODY = 65_534;

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "memcube-fault-"));
  path = join(directory, "memory.db");
});

afterEach(() => rm(directory, { recursive: true, force: true }));

const put = (storage: SqliteStorage, id: string, text?: string) =>
  storage.vault.commit(
    commitRequest({ cube: SHARED, writes: [memoryWrite(SHARED, { id, text, terms: id })] }),
  );

/** A file with a cube that everyone reads, so many memories of some 5 KB, and a blob. */
async function make(memories: number): Promise<void> {
  const storage = await sqliteStorage({ path, durability: "process" });
  await storage.vault.commit(
    commitRequest({ cube: SHARED, writes: [cubeWrite(SHARED, { allow: ["everyone"] })] }),
  );
  for (let index = 1; index <= memories; index += 1)
    await put(storage, `m${index}`, "lorem ".repeat(900));
  await storage.blobs.put(TENANT, new Uint8Array([1, 2, 3]));
  for (const id of ["a", "b"]) await storage.threads.put(THREAD, checkpointStep(id));
  await storage.close();
}

const checkpointStep = (id: string) => ({
  checkpoint: { namespace: "", id, value: new Uint8Array([1]), chunks: [] },
  chunks: [],
  now: 1,
});

/** What a process says that may not write to the file. */
async function readOnly(): Promise<unknown> {
  const files = [directory, path, `${path}.blobs`];
  for (const file of files) await chmod(file, file === path ? 0o444 : 0o555);
  try {
    const ended = await runProcess("read-only-process.ts", [path], IS_ROOT ? { uid: NOBODY } : {});
    expect(ended.complaints).toBe("");
    return JSON.parse(ended.output);
  } finally {
    for (const file of files) await chmod(file, 0o755);
  }
}

test("what is no database is told of and not touched", async () => {
  await writeFile(path, "Dear diary, ".repeat(1_000));
  await expect(sqliteStorage({ path })).rejects.toMatchObject({
    code: "MEMCUBE_STORAGE_DAMAGED",
    details: { path },
  });
  expect(await readFile(path, "utf8")).toBe("Dear diary, ".repeat(1_000));
});

test("a damaged page fails the calls that need it, with the path and what to do", async () => {
  await make(200);
  const pages = Math.floor((await stat(path)).size / 4_096);
  const file = await open(path, "r+");
  for (let page = 12; page < pages; page += 1) {
    await file.write(new Uint8Array(64).fill(0xa5), 0, 64, page * 4_096);
  }
  await file.close();
  const reading = (async () => {
    const storage = await sqliteStorage({ path, durability: "process" });
    try {
      const query = { access: SYSTEM, filter: {}, order: "oldest", limit: 1_000 } as const;
      await storage.vault.list(SHARED, query);
    } finally {
      await storage.close();
    }
  })();
  await expect(reading).rejects.toMatchObject({
    code: "MEMCUBE_STORAGE_DAMAGED",
    message: expect.stringContaining("backup"),
    details: { path },
  });
});

test("a file cut short is damaged", async () => {
  await make(50);
  await truncate(path, 20_000);
  const reading = (async () => {
    const storage = await sqliteStorage({ path, durability: "process" });
    await storage.vault.list(SHARED, { access: SYSTEM, filter: {}, order: "oldest", limit: 1_000 });
    await storage.close();
  })();
  await expect(reading).rejects.toMatchObject({ code: "MEMCUBE_STORAGE_DAMAGED" });
});

test("a folder in the place of the file fails with its path", async () => {
  await mkdir(path);
  await expect(sqliteStorage({ path })).rejects.toMatchObject({
    code: "MEMCUBE_STORAGE_FAILED",
    details: { path },
  });
});

test("a read-only file and folder are read, and refuse writes", async () => {
  await make(1);
  expect(await readOnly()).toEqual({
    read: "m1",
    candidates: ["m1"],
    blobs: 1,
    thread: "b",
    write: "MEMCUBE_STORAGE_READ_ONLY",
    blob: "MEMCUBE_STORAGE_READ_ONLY",
  });
});

test("a thread with steps that a crash has left is not read until they can be laid out", async () => {
  await make(1);
  const storage = await sqliteStorage({ path, durability: "process" });
  await storage.threads.put(THREAD, checkpointStep("c"));
  await storage.threads.put(THREAD, checkpointStep("d"));
  const copy = new DatabaseSync(path);
  copy.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  copy.close();
  const crashed = await readFile(path);
  await storage.close();
  await writeFile(path, crashed);
  expect(await readOnly()).toMatchObject({ read: "m1", thread: "MEMCUBE_STORAGE_READ_ONLY" });
  const again = await sqliteStorage({ path, durability: "process" });
  const newest = await again.threads.get(THREAD, { namespace: "", now: 1 });
  await again.close();
  expect([newest?.checkpoint.id, await readOnly()]).toMatchObject(["d", { thread: "d" }]);
});

/** Mounts a small file system, where that is allowed. */
function mountSmall(folder: string): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=3m", "tmpfs", folder], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

test("a full disk loses nothing acknowledged, and there it goes on once there is room", async ({
  skip,
}) => {
  const small = join(directory, "small");
  await mkdir(small);
  if (!IS_ROOT || !mountSmall(small)) return skip("mounting a small file system takes root");
  path = join(small, "memory.db");
  try {
    await writeFile(join(small, "ballast"), new Uint8Array(1_000_000));
    const storage = await sqliteStorage({ path, durability: "power" });
    await storage.vault.commit(commitRequest({ cube: SHARED, writes: [cubeWrite(SHARED)] }));
    // Room for the log, made when steps are logged, does not take the last of the disk.
    for (let at = 10; at < 50; at += 1) await storage.threads.put(THREAD, checkpointStep(`${at}`));
    await put(storage, "m");
    await expect.poll(async () => (await stat(`${path}-wal`)).size).toBeLessThan(1_000_000);
    const acknowledged = ["m", ...(await fillUp(storage))];
    await expect(storage.blobs.put(TENANT, new Uint8Array(3_000_000))).rejects.toMatchObject({
      code: "MEMCUBE_STORAGE_FULL",
    });
    await rm(join(small, "ballast"));
    await put(storage, "after", "there is room again");
    const query = { access: SYSTEM, filter: {}, order: "oldest", limit: 1_000 } as const;
    const kept = await storage.vault.list(SHARED, query);
    expect(kept.items.map(({ id }) => id)).toEqual([...acknowledged, "after"]);
    await storage.close();
    const again = await sqliteStorage({ path, durability: "power" });
    expect((await again.vault.list(SHARED, query)).items).toHaveLength(acknowledged.length + 1);
    await again.close();
  } finally {
    execFileSync("umount", ["--lazy", small]); // A test that fails has not closed the file.
  }
});

/** Writes until the disk has been full a few times; the ids that were acknowledged. */
async function fillUp(storage: SqliteStorage): Promise<string[]> {
  const acknowledged: string[] = [];
  let full = 0;
  for (let index = 0; full < 5; index += 1) {
    try {
      await put(storage, `m${index}`, `${index} ${"lorem ".repeat(3_000)}`);
      acknowledged.push(`m${index}`);
    } catch (error) {
      expect(error).toMatchObject({ code: "MEMCUBE_STORAGE_FULL", retryable: true });
      full += 1;
    }
  }
  expect(acknowledged.length).toBeGreaterThan(3);
  return acknowledged;
}
