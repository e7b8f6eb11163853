import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import type { Threads } from "@memcube/core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Client } from "../client.ts";
import { NearDatabase } from "../near-database.ts";
import { parseOptions } from "../options.ts";
import type { Chore } from "../protocol.ts";
import { sqliteStorage, type SqliteStorage } from "../sqlite-storage.ts";
import { LogKeeper } from "./log-keeper.ts";
import { NearJournal } from "./near-journal.ts";
import { type FarThreads, nearThreads } from "./near-threads.ts";
import { threadsOf } from "./threads.ts";

const THREAD = { tenantId: "t", owner: "user:ada", threadId: "1" } as const;
const NEWEST = { namespace: "", withoutChunks: true, now: 10 };

let directory: string;
let path: string;
let storage: SqliteStorage;
let near: NearDatabase;
let client: Client;
/** What the other thread was told to do beside calls; it does not. */
let ordered: Chore[];
/** What the other thread was asked. */
let asked: string[];
let far: FarThreads;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "memcube-near-"));
  path = join(directory, "memory.db");
  storage = await sqliteStorage({ path, durability: "process" });
  const options = parseOptions({ path, durability: "process" });
  near = new NearDatabase(options, true);
  client = new Client(options);
  await client.opened();
  asked = [];
  ordered = [];
  far = recorded(threadsOf(client.call));
});

afterEach(async () => {
  await near.close();
  await client.close();
  await storage.close();
  rmSync(directory, { recursive: true, force: true });
});

function recorded(threads: FarThreads): FarThreads {
  const methods = Object.entries(threads).map(([name, method]) => [
    name,
    (...given: never[]) => {
      asked.push(name);
      return (method as (...all: never[]) => unknown)(...given);
    },
  ]);
  return Object.fromEntries(methods) as FarThreads;
}

function threadsHere(): Threads {
  const keeper = new LogKeeper((chore) => ordered.push(chore));
  return nearThreads(far, near, { keeper, checkOpen: () => {} });
}

/** Steps that wait to be laid out. */
function waiting(): number {
  const db = new DatabaseSync(path, { readOnly: true });
  const row = db.prepare("SELECT count(*) AS n FROM thread_journal WHERE thread > 0").get();
  db.close();
  return Number(row?.["n"]);
}

const chunkOf = (hash: string, needs: string[] = []) => ({
  hash,
  bytes: new Uint8Array([9]),
  needs,
});

function step(id: string, more: { bytes?: number; needs?: string[]; expiresAt?: number } = {}) {
  const { bytes = 3, needs = [], ...rest } = more;
  const checkpoint = { namespace: "", id, value: new Uint8Array(bytes).fill(7), chunks: needs };
  return { checkpoint, chunks: [], now: 1, ...rest };
}

const newestId = async (threads: Threads, now = 10): Promise<string | undefined> =>
  (await threads.get(THREAD, { ...NEWEST, now }))?.checkpoint.id;

test("small steps are taken here and are there for everybody", async () => {
  const threads = threadsHere();
  await threads.put(THREAD, step("a"));
  const value = new Uint8Array([1]);
  const writes = [{ taskId: "task", index: 0, value, chunks: [] }];
  await threads.putWrites(THREAD, {
    namespace: "",
    checkpointId: "a",
    writes,
    chunks: [],
    now: 2,
  });
  expect([waiting(), asked]).toEqual([2, []]);
  const found = await storage.threads.get(THREAD, { namespace: "", now: 10 });
  expect(found).toMatchObject({ checkpoint: { id: "a" }, writes: [{ taskId: "task", value }] });
});

test("what may take long goes to the thread", async () => {
  const threads = threadsHere();
  await threads.put(THREAD, step("a", { bytes: 100_000 }));
  const chunks = Array.from({ length: 300 }, (_, at) => ({
    hash: `h${at}`,
    bytes: new Uint8Array(1),
    needs: [],
  }));
  await threads.put(THREAD, { ...step("b", { needs: ["h7"] }), chunks });
  expect(asked).toEqual(["put", "put"]);
  await threads.get(THREAD, { namespace: "", now: 10 });
  await threads.list(THREAD, { limit: 10, now: 10 });
  await threads.lineage(THREAD, { namespace: "", id: "b", limit: 500, now: 10 });
  expect(asked.slice(2)).toEqual(["get", "list", "lineage"]);
});

test("an expired thread is cleared away by the thread", async () => {
  const threads = threadsHere();
  await threads.put(THREAD, step("a", { expiresAt: 5 }));
  await threads.put(THREAD, { ...step("b"), now: 6 });
  expect(asked).toEqual(["put"]);
  const page = await threads.list(THREAD, { bare: true, limit: 10, now: 7 });
  expect(page.items.map(({ checkpoint }) => checkpoint.id)).toEqual(["b"]);
});

test("a step that needs a chunk that is not there leaves nothing, and the thread says why", async () => {
  const threads = threadsHere();
  const put = threads.put(THREAD, step("a", { needs: ["missing"] }));
  await expect(put).rejects.toMatchObject({
    code: "MEMCUBE_INVALID_INPUT",
    details: { hash: "missing" },
  });
  expect(asked).toEqual(["put"]);
  expect(await storage.threads.threads({ ...THREAD, limit: 10, now: 1 })).toEqual({ items: [] });
});

test("steps keep their order: none overtakes one that the other thread has", async () => {
  const threads = threadsHere();
  const large = threads.put(THREAD, step("a", { bytes: 100_000 }));
  const removed = threads.delete(THREAD);
  const small = threads.put(THREAD, step("b"));
  await Promise.all([large, removed, small]);
  expect(asked).toEqual(["put", "delete", "put"]);
  const page = await threads.list(THREAD, { bare: true, limit: 10, now: 10 });
  expect(page.items.map(({ checkpoint }) => checkpoint.id)).toEqual(["b"]);
  await threads.put(THREAD, step("c"));
  expect(asked).toHaveLength(3);
});

test("a locked database is not waited for here", async () => {
  const threads = threadsHere();
  await threads.put(THREAD, step("a"));
  expect(await newestId(threads)).toBe("a");
  const other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  const put = threads.put(THREAD, step("b"));
  expect(await newestId(threads)).toBe("a");
  other.exec("COMMIT");
  other.close();
  await put;
  expect([asked, waiting()]).toEqual([["log"], 1]);
  expect(await newestId(threads)).toBe("b");
});

test("where a power failure must be survived, a step that can't be synced goes to the thread", async () => {
  await near.close();
  near = new NearDatabase(parseOptions({ path, durability: "power" }), true);
  const threads = threadsHere();
  await threads.put(THREAD, step("a"));
  expect(asked).toEqual([]);
  const settle = vi.spyOn(near, "settle").mockResolvedValueOnce(false);
  await threads.put(THREAD, step("b"));
  expect(settle).toHaveBeenCalledOnce();
  expect([asked, waiting()]).toEqual([["put"], 0]);
  expect(await newestId(threads)).toBe("b");
});

test("a file without this schema is left to the thread", async () => {
  await near.close();
  const otherPath = join(directory, "other.db");
  near = new NearDatabase(parseOptions({ path: otherPath, durability: "process" }), true);
  const threads = threadsHere();
  await threads.put(THREAD, step("a")); // The file is not there, and is not made.
  expect(asked).toEqual(["put"]);
  expect(() => new DatabaseSync(otherPath, { readOnly: true })).toThrow(/unable to open/u);
});

test("the thread is told to lay out the journal, and to copy the log before it is large", async () => {
  const threads = threadsHere();
  vi.useFakeTimers();
  await threads.put(THREAD, step("0"));
  await threads.put(THREAD, step("1"));
  await vi.advanceTimersByTimeAsync(50);
  expect(ordered.splice(0)).toEqual(["lay out journal"]);
  vi.useRealTimers();
  // Then the log has the room that it will take; one who stores little needs none.
  for (let at = 0; at < 2_100; at += 1)
    await threads.put(THREAD, step(`2-${String(at).padStart(5, "0")}`));
  expect(ordered.indexOf("make room")).toBe(0);
  expect(new Set(ordered)).toEqual(new Set(["make room", "copy log", "lay out journal"]));
  expect(asked).toEqual([]);
  expect(await newestId(threads)).toBe("2-02099");
  expect([asked, waiting()]).toEqual([["layOut", "get"], 0]);
});

test("a step that waits is seen by everybody, and laid out by whoever reads its thread", async () => {
  const threads = threadsHere();
  await threads.put(THREAD, { ...step("a", { needs: ["x"] }), chunks: [chunkOf("x")] });
  await threads.put(THREAD, { ...step("b", { needs: ["y"] }), chunks: [chunkOf("y", ["x"])] });
  expect(waiting()).toBe(2);
  expect(await newestId(threads)).toBe("b");
  expect([asked.splice(0), waiting()]).toEqual([[], 0]);
  await threads.put(THREAD, { ...step("c", { needs: ["y"] }), now: 5 });
  const found = await storage.threads.get(THREAD, { namespace: "", now: 10 });
  expect([found?.checkpoint.id, [...(found?.chunks.keys() ?? [])]]).toEqual(["c", ["y", "x"]]);
  await threads.put(THREAD, { ...step("d"), now: 6 });
  const { items } = await storage.threads.threads({ ...THREAD, limit: 9, now: 10 });
  expect(items).toMatchObject([{ updatedAt: 6, checkpoints: 4 }]);
  expect([asked, waiting()]).toEqual([[], 0]);
  // Another thread's steps are left alone.
  await threads.put(THREAD, step("e"));
  const other = { ...THREAD, threadId: "2" };
  await storage.threads.put(other, step("a"));
  await storage.threads.get(other, NEWEST);
  expect(waiting()).toBe(1);
  // Many are laid out by the other thread.
  for (let at = 0; at < 20; at += 1) await threads.put(THREAD, step(`f${at + 10}`));
  expect(await newestId(threads)).toBe("f29");
  expect([asked.splice(0), waiting()]).toEqual([["layOut", "get"], 0]);
  // So are large ones.
  for (const id of ["g1", "g2"]) await threads.put(THREAD, step(id, { bytes: 40_000 }));
  expect(await newestId(threads)).toBe("g2");
  expect([asked, waiting()]).toEqual([["layOut", "get"], 0]);
});

test("a step is not logged into a thread that another process has changed", async () => {
  const threads = threadsHere();
  await threads.put(THREAD, { ...step("a", { needs: ["x"] }), chunks: [chunkOf("x")] });
  await threads.put(THREAD, step("b"));
  await storage.threads.deleteCheckpoints(THREAD, [{ namespace: "", id: "a" }]);
  await expect(threads.put(THREAD, step("c", { needs: ["x"] }))).rejects.toMatchObject({
    code: "MEMCUBE_INVALID_INPUT",
  });
  expect(await newestId(threads)).toBe("b");
  await threads.put(THREAD, step("d"));
  await storage.threads.delete(THREAD);
  await threads.put(THREAD, step("e"));
  const page = await threads.list(THREAD, { bare: true, limit: 10, now: 10 });
  expect(page.items.map(({ checkpoint }) => checkpoint.id)).toEqual(["e"]);
});

test("what a step that waits needs stays when a checkpoint is replaced before it", async () => {
  const threads = threadsHere();
  await threads.put(THREAD, { ...step("a", { needs: ["x"] }), chunks: [chunkOf("x")] });
  await threads.put(THREAD, { ...step("b", { needs: ["y"] }), chunks: [chunkOf("y")] });
  await threads.put(THREAD, step("a")); // From now on nothing needs x,
  for (let at = 0; at < 40; at += 1) await threads.put(THREAD, step(`c${at}`));
  await threads.put(THREAD, step("d", { needs: ["x"] })); // but this does,
  await threads.put(THREAD, step("b")); // and nothing needs y.
  expect(waiting()).toBeGreaterThan(40);
  client.order("lay out journal");
  await vi.waitFor(() => expect(waiting()).toBe(0));
  const found = await storage.threads.get(THREAD, { namespace: "", id: "d", now: 10 });
  expect([...(found?.chunks.keys() ?? [])]).toEqual(["x"]);
  const needing = storage.threads.put(THREAD, step("e", { needs: ["y"] }));
  await expect(needing).rejects.toMatchObject({ code: "MEMCUBE_INVALID_INPUT" });
});

test("an expiry is set at once, and nothing is logged into what has expired", async () => {
  const threads = threadsHere();
  await threads.put(THREAD, step("a"));
  await threads.put(THREAD, step("b", { expiresAt: 5 }));
  await threads.put(THREAD, { ...step("c"), now: 4 });
  expect(waiting()).toBe(3);
  await threads.put(THREAD, { ...step("d"), now: 5 });
  expect(waiting()).toBe(0);
  const page = await threads.list(THREAD, { bare: true, limit: 10, now: 10 });
  expect(page.items.map(({ checkpoint }) => checkpoint.id)).toEqual(["d"]);
});

test("what is packable is packed when it is laid out", async () => {
  const threads = threadsHere();
  const text = Buffer.from(`\u0003${"the same words again and again, ".repeat(9)}`);
  const put = (id: string) =>
    threads.put(THREAD, {
      ...step(id, { needs: [`chunk-${id}`] }),
      checkpoint: { namespace: "", id, value: text, chunks: [`chunk-${id}`] },
      chunks: [{ hash: `chunk-${id}`, bytes: text, needs: [] }],
      packable: true,
    });
  await put("a");
  await put("b");
  await threads.putWrites(THREAD, {
    namespace: "",
    checkpointId: "b",
    writes: [{ taskId: "t", index: 0, value: text, chunks: [] }],
    chunks: [],
    packable: true,
    now: 3,
  });
  for (const id of ["a", "b"]) {
    const found = await storage.threads.get(THREAD, { namespace: "", id, now: 10 });
    expect(found?.checkpoint.value.length).toBeLessThan(text.length / 2);
    expect(found?.chunks.get(`chunk-${id}`)?.bytes.length).toBeLessThan(text.length / 2);
    for (const { value } of found?.writes ?? []) expect(value.length).toBeLessThan(text.length / 2);
  }
});

test("a step that is damaged keeps its own thread from being read, and no other", async () => {
  const threads = threadsHere();
  const other = { ...THREAD, threadId: "2" };
  await threads.put(THREAD, step("a"));
  await threads.put(other, step("a"));
  for (let at = 10; at < 60; at += 1) await threads.put(THREAD, step(`b${at}`));
  await threads.put(other, step("c"));
  const db = new DatabaseSync(path);
  db.exec("UPDATE thread_journal SET step = substr(step, 1, 40) WHERE seq = 1");
  db.close();
  await expect(threads.get(THREAD, NEWEST)).rejects.toMatchObject({
    code: "MEMCUBE_STORAGE_DAMAGED",
  });
  client.order("lay out journal");
  await vi.waitFor(() => expect(waiting()).toBe(51));
  expect((await threads.get(other, NEWEST))?.checkpoint.id).toBe("c");
  const { items } = await threads.threads({ ...THREAD, limit: 9, now: 10 });
  expect(items).toMatchObject([{ checkpoints: 0 }, { checkpoints: 2 }]);
  await threads.put(other, step("d"));
  client.order("lay out journal");
  await vi.waitFor(() => expect(waiting()).toBe(51));
  // It can be begun anew.
  await threads.delete(THREAD);
  await threads.put(THREAD, step("e"));
  expect(await newestId(threads)).toBe("e");
});

test("threads that were laid out are not remembered as waiting for ever", async () => {
  const journal = new NearJournal();
  const db = new DatabaseSync(path);
  const add = db.prepare("INSERT INTO thread_journal (thread, step) VALUES (?, x'')");
  const look = () => near.read((connection) => journal.waits(connection, THREAD));
  db.exec("BEGIN");
  for (let thread = 1; thread <= 5_000; thread += 1) add.run(thread);
  db.exec("COMMIT");
  look();
  expect(journal.waiting).toBe(5_000);
  db.exec("DELETE FROM thread_journal WHERE seq < 5000");
  db.exec("BEGIN");
  for (let thread = 5_001; thread <= 11_000; thread += 1) add.run(thread);
  db.exec("COMMIT");
  db.close();
  look();
  expect(journal.waiting).toBe(6_001);
});

test("a closed storage refuses", async () => {
  await storage.threads.put(THREAD, step("a"));
  await storage.close();
  for (const call of [
    storage.threads.put(THREAD, step("b")),
    storage.threads.get(THREAD, NEWEST),
    storage.threads.lineage(THREAD, { ...NEWEST, id: "a", limit: 1 }),
    storage.threads.list(THREAD, { bare: true, limit: 1, now: 1 }),
  ]) {
    await expect(call).rejects.toMatchObject({ code: "MEMCUBE_CLOSED" });
  }
});
