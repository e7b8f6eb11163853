import { type BlobStore, createMemOS, LIMITS, type LoraFile, type Storage } from "@memcube/core";
import { fixedClock, memoryStorage } from "@memcube/core/testing";
import type { StoragePlace } from "@memcube/conformance";
import { sqliteStorage } from "@memcube/sqlite";
import { createClient } from "redis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { makeDirectoryPlace } from "../fault/directory-place.ts";
import { makeRedisPlace } from "../redis/redis-place.ts";
import { describeRedis } from "../servers/describe-redis.ts";
import { type RedisServer, startRedis } from "../servers/redis-server.ts";

const START = Date.UTC(2026, 0, 5, 10);
const CUBE = "notes";
const REF = { tenantId: "default", cubeId: CUBE };
const MODEL = "a".repeat(64);

function lora(text: string): LoraFile {
  const bytes = new TextEncoder().encode(text);
  return { baseModelSha256: MODEL, architecture: "llama", rank: 4, alpha: 8, bytes };
}

/** Which of the files are among a storage's blobs. */
async function filesIn({ blobs }: Storage): Promise<string[]> {
  const found: string[] = [];
  for (const hash of await blobs.list("default", { limit: 1_000 })) {
    const text = Buffer.from((await blobs.get("default", hash)) ?? []).toString("latin1");
    found.push(...(/file [a-z]+$/.exec(text) ?? []));
  }
  return found.toSorted();
}

function loraFiles(makePlace: () => Promise<StoragePlace>): void {
  let place: StoragePlace;
  const closing: (() => Promise<void>)[] = [];
  beforeEach(async () => {
    place = await makePlace();
  });
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close();
    await place.destroy();
  });

  /** @param beforeDelete called before a blob is deleted; what it throws, the deletion throws */
  async function open(at = START, beforeDelete: () => void = () => undefined) {
    const storage = await place.open();
    const change: Partial<BlobStore> = {
      delete: async (tenantId, hash) => {
        beforeDelete();
        return await storage.blobs.delete(tenantId, hash);
      },
    };
    const blobs = new Proxy(storage.blobs, {
      get: (target, name) => {
        const value: unknown = Reflect.get(change, name) ?? Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const clock = fixedClock(at);
    const os = createMemOS({ storage: { ...storage, blobs }, clock, hotCommits: 1 });
    closing.push(() => os.close());
    const me = os.as({ userId: "ada" });
    return { os, storage, clock, me, cube: await me.cube(CUBE, { create: true }) };
  }

  /** A LoRA of three files of which the first two are in history segments only. */
  async function keptLora({ storage, cube }: Opened) {
    const { header } = await cube.keepLora(lora("file one"));
    for (const text of ["file two", "file three"]) {
      await cube.keepLora(lora(text), { replaces: header.id });
    }
    await archived({ storage, cube });
    const access = { system: "write" } as const;
    const hot = await storage.vault.versions(REF, { id: header.id, access, limit: 10 });
    expect(hot.map(({ version }) => version)).toEqual([3]);
    expect(await filesIn(storage)).toEqual(["file one", "file three", "file two"]);
    return header.id;
  }

  /** Writes until everything before was sealed and cut. */
  async function archived({ storage, cube }: Pick<Opened, "storage" | "cube">) {
    for (let line = 0; line <= LIMITS.sealCommits + 8; line += 1) await cube.add(`line ${line}`);
    const { seq } = await cube.position();
    const cutTo = async () => (await storage.vault.segments(REF)).at(-1)?.toSeq ?? 0;
    await expect.poll(cutTo, { timeout: 10_000 }).toBeGreaterThan(seq - LIMITS.sealCommits);
  }
  type Opened = Awaited<ReturnType<typeof open>>;

  test("files of all versions go with a LoRA, archived ones too", async () => {
    const opened = await open();
    const id = await keptLora(opened);
    await opened.cube.erase(id);
    expect(await filesIn(opened.storage)).toEqual([]);
    expect((await opened.cube.verify()).ok).toBe(true);
  });

  test("a file stays while an archived version of another LoRA points to it", async () => {
    const opened = await open();
    const { cube, storage } = opened;
    const id = await keptLora(opened);
    const same = await cube.keepLora(lora("file one"));
    await cube.keepLora(lora("file four"), { replaces: same.header.id });
    await archived(opened);
    await cube.erase(id);
    expect(await filesIn(storage)).toEqual(["file four", "file one"]);
    await cube.rollback(same.header.id, 1);
    expect(await cube.recallLora(same.header.id)).toEqual({ lora: lora("file one") });
    await cube.erase(same.header.id);
    expect(await filesIn(storage)).toEqual([]);
  });

  test("a process that dies between segments and files leaves the files to a task", async () => {
    let dead = false;
    const dying = await open(START, () => {
      if (dead) throw new Error("dead");
    });
    const id = await keptLora(dying);
    // What was queued when the files came is done: they are in use.
    dying.clock.advance(2 * LIMITS.dropDelayMs);
    await dying.os.idle();
    expect(await dying.storage.queue.stats()).toMatchObject({ waiting: 0, leased: 0 });
    dead = true;
    await expect(dying.cube.erase(id)).rejects.toThrow("dead");
    expect(await filesIn(dying.storage)).toEqual(["file one", "file three", "file two"]);
    await dying.os.close();
    const next = await open(dying.clock.now() + 2 * LIMITS.dropDelayMs);
    await expect
      .poll(async () => {
        await next.os.idle();
        return await filesIn(next.storage);
      })
      .toEqual([]);
  });

  test("files of all versions go with the cube", async () => {
    const opened = await open();
    await keptLora(opened);
    await opened.me.deleteCube(CUBE);
    expect(await opened.storage.blobs.list("default", { limit: 10 })).toEqual([]);
  });
}

describe("in RAM", () => {
  loraFiles(async () => {
    const { data } = memoryStorage();
    const open = async () => memoryStorage({ from: data });
    return { shared: true, open, destroy: async () => undefined };
  });
});

describe("in a file", () => {
  loraFiles(() => makeDirectoryPlace((path) => sqliteStorage({ path, durability: "process" })));
});

describeRedis("in Redis", (binary) => {
  let server: RedisServer;
  let raw: ReturnType<typeof createClient>;
  beforeAll(async () => {
    server = await startRedis({ binary });
    raw = createClient({ url: server.url });
    await raw.connect();
  });
  afterAll(async () => {
    raw.destroy();
    await server.stop();
  });
  loraFiles(() => makeRedisPlace({ url: server.url, search: "local" }, raw));
});
