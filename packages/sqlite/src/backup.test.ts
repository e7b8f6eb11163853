import { commitRequest, cubeWrite, memoryWrite } from "@memcube/conformance";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";

import { type SqliteStorage, sqliteStorage } from "./sqlite-storage.ts";
import { encodeStep } from "./worker/commands/threads/logged-step.ts";

const CUBE = { tenantId: "t", cubeId: "c" };
const SYSTEM = { system: "verify" } as const;

let directory: string;
let target: string;
let storage: SqliteStorage;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "memcube-backup-"));
  target = join(directory, "deep", "copy.db");
  storage = await sqliteStorage({ path: join(directory, "memory.db"), durability: "process" });
  await storage.vault.commit(commitRequest({ cube: CUBE, writes: [cubeWrite(CUBE)] }));
  for (let batch = 0; batch < 10; batch += 1) await put(batch);
});

afterEach(async () => {
  await storage.close();
  await rm(directory, { recursive: true, force: true });
});

/** Some 5 MB in ten calls, so that a copy takes several steps. */
async function put(batch: number): Promise<void> {
  const writes = Array.from({ length: 50 }, (_, index) =>
    memoryWrite(CUBE, {
      id: `m${batch}-${index}`,
      text: "lorem ipsum ".repeat(800),
      terms: "lorem",
    }),
  );
  await storage.vault.commit(commitRequest({ cube: CUBE, writes }));
}

test("steps of threads that wait are laid out in the copy", async () => {
  const thread = { tenantId: "t", owner: "user:ada", threadId: "1" } as const;
  const step = (id: string) => ({
    checkpoint: { namespace: "", id, value: new Uint8Array([1]), chunks: [] },
    chunks: [],
    now: 1,
  });
  await storage.threads.put(thread, step("a"));
  await pause(200); // This process has laid out its own.
  // Another process logs one: nobody here is told.
  const other = new DatabaseSync(join(directory, "memory.db"));
  other
    .prepare("INSERT INTO thread_journal (thread, step) SELECT key, ? FROM thread")
    .run(encodeStep(step("b")));
  other.close();
  await storage.backup(target);
  const copy = new DatabaseSync(target, { readOnly: true });
  const count = (what: string) =>
    copy.prepare(`SELECT count(*) AS n FROM ${what}`).get()?.["n"] ?? 0;
  expect([count("checkpoint"), count("thread_journal WHERE thread > 0")]).toEqual([2, 0]);
  copy.close();
});

test("a backup made while writing goes on is one moment of it, with its blobs", async () => {
  const blob = await storage.blobs.put("t", new Uint8Array(100_000).fill(3));
  const progress: { done: number; total: number }[] = [];
  let batch = 10;
  const backup = storage.backup(target, { onProgress: (now) => progress.push(now) });
  const writing = (async () => {
    for (; batch < 14; batch += 1) await put(batch);
  })();
  await Promise.all([backup, writing]);
  expect(progress.length).toBeGreaterThan(2);
  expect(progress.at(-1)?.done).toBe(progress.at(-1)?.total);

  const copy = await sqliteStorage({ path: target, durability: "process" });
  const position = await copy.vault.position(CUBE);
  const stats = await copy.vault.stats(CUBE);
  expect(stats.commits).toBe(position?.seq);
  expect(stats.memories).toBe(50 * ((position?.seq ?? 0) - 1));
  expect(await copy.blobs.get("t", blob.hash)).toHaveLength(100_000);
  const log = await storage.vault.log(CUBE, { afterSeq: (position?.seq ?? 0) - 1, limit: 1 });
  expect(log[0]?.head).toBe(position?.head);
  await copy.close();
});

test("an aborted backup leaves nothing behind", async () => {
  const abort = new AbortController();
  const backup = storage.backup(target, {
    signal: abort.signal,
    onProgress: () => abort.abort(new Error("enough")),
  });
  await expect(backup).rejects.toThrow("enough");
  expect(await readdir(join(directory, "deep"))).toEqual([]);
  const early = storage.backup(target, { signal: AbortSignal.abort(new Error("never")) });
  await expect(early).rejects.toThrow("never");
  expect(
    await storage.vault.list(CUBE, { access: SYSTEM, filter: {}, order: "oldest", limit: 1 }),
  ).toHaveProperty("items.length", 1);
});

test("nothing that exists is written over", async () => {
  const occupied = join(directory, "there.db");
  await writeFile(occupied, "something");
  await expect(storage.backup(occupied)).rejects.toMatchObject({
    code: "MEMCUBE_INVALID_INPUT",
    details: { path: occupied },
  });
});
