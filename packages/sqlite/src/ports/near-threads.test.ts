import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import type { Threads } from "@memcube/core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { NearDatabase } from "../near-database.ts";
import { parseOptions } from "../options.ts";
import { sqliteStorage, type SqliteStorage } from "../sqlite-storage.ts";
import { nearThreads } from "./near-threads.ts";

const THREAD = { tenantId: "t", owner: "user:ada", threadId: "1" } as const;
const NEWEST = { namespace: "", withoutChunks: true, now: 10 };

let directory: string;
let path: string;
let storage: SqliteStorage;
let near: NearDatabase;
/** What the other thread was asked. */
let asked: string[];
let far: Threads;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "memcube-near-"));
  path = join(directory, "memory.db");
  storage = await sqliteStorage({ path, durability: "process" });
  near = new NearDatabase(parseOptions({ path, durability: "process" }), true);
  asked = [];
  far = recorded(storage.threads);
});

afterEach(async () => {
  await near.close();
  await storage.close();
  rmSync(directory, { recursive: true, force: true });
});

function recorded(threads: Threads): Threads {
  return new Proxy(threads, {
    get: (target, name: keyof Threads) =>
      ((...given: never[]) => {
        asked.push(name);
        return (target[name] as (...all: never[]) => unknown)(...given);
      }) as never,
  });
}

function threadsHere(): Threads {
  return nearThreads(spread(far), near, () => {});
}

/** Its methods as fields: the port is spread. */
function spread(threads: Threads): Threads {
  const names = Object.keys(storage.threads) as (keyof Threads)[];
  return Object.fromEntries(names.map((name) => [name, threads[name]])) as unknown as Threads;
}

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
  expect(await newestId(threads)).toBe("a");
  expect(asked).toEqual([]);
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
  await threads.put(THREAD, step("c"));
  await threads.put(THREAD, step("c", { bytes: 5 })); // Replaces: chunks are cleared away.
  expect(asked).toEqual(["put", "put", "put"]);
  await threads.get(THREAD, { namespace: "", now: 10 });
  await threads.list(THREAD, { limit: 10, now: 10 });
  await threads.lineage(THREAD, { namespace: "", id: "c", limit: 500, now: 10 });
  expect(asked.slice(3)).toEqual(["get", "list", "lineage"]);
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
  const other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  const put = threads.put(THREAD, step("b"));
  expect(await newestId(threads)).toBe("a");
  other.exec("COMMIT");
  other.close();
  await put;
  expect(asked).toEqual(["put"]);
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
  expect(asked).toEqual(["put"]);
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

test("the thread gets its turn before the log is large", async () => {
  const threads = threadsHere();
  for (let at = 0; at < 1_700; at += 1)
    await threads.put(THREAD, step(String(at).padStart(5, "0")));
  expect(asked).toEqual(["put", "put", "put", "put"]);
  expect(await newestId(threads)).toBe("01699");
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
