import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { NewTask, TaskQueue } from "@memcube/core";
import { directoryBlobs } from "@memcube/redis";
import { createClient } from "redis";
import { expect, test } from "vitest";

import { describeRedis } from "../servers/describe-redis.ts";
import { errorOf, withServer } from "./with-server.ts";

const NOW = 1_700_000_000_000;
const THREAD = { tenantId: "t", owner: "user:ada", threadId: "thread" } as const;

const task = (key: string, more: Partial<NewTask> = {}): NewTask => ({
  key,
  tenantId: "t",
  cubeId: "c",
  type: "work",
  payload: {},
  ...more,
});

const lease = (queue: TaskQueue, limit = 1, now = NOW) =>
  queue.lease({ types: ["work"], limit, now, leaseMs: 1_000, worker: "w" });

/** What the storage as a whole keeps. */
const OWN = new Set(["memcube:search:mode"]);

/** Every key of the ports, with how many elements it has. */
async function sizes(url: string): Promise<Record<string, number>> {
  const client = createClient({ url });
  await client.connect();
  try {
    const found: Record<string, number> = {};
    for (const key of await client.keys("*")) {
      if (OWN.has(key)) continue;
      const type = await client.type(key);
      found[key] =
        type === "hash" ? await client.hLen(key) : type === "zset" ? await client.zCard(key) : 1;
    }
    return found;
  } finally {
    client.destroy();
  }
}

describeRedis("what the ports leave in Redis", () => {
  test("of finished tasks nothing but three counters", async () => {
    await withServer({}, async ({ server, open }) => {
      const { queue } = await open();
      const keys = Array.from({ length: 30 }, (_, at) => `k${at}`);
      await queue.enqueue(
        keys.map((key, at) => task(key, { tenantId: `t${at % 7}`, priority: at % 3 })),
        NOW,
      );
      for (const leased of await lease(queue, 10))
        await queue.fail(leased, { error: "e", now: NOW });
      for (const leased of await lease(queue, 10))
        await queue.fail(leased, { error: "e", now: NOW, retryAt: NOW + 5 });
      for (const leased of await lease(queue, 100, NOW + 10)) await queue.complete(leased);
      for (let at = 0; at < 7; at += 1) {
        const dead = await queue.deadLetters({ tenantId: `t${at}`, limit: 100 });
        await queue.discard(
          `t${at}`,
          dead.items.map(({ id }) => id),
        );
      }
      expect(await queue.stats()).toEqual({ waiting: 0, leased: 0, dead: 0 });
      expect(await sizes(server.url)).toEqual({ "memcube:{q}:counts": 3 });
    });
  });

  test("of a deleted thread nothing, and of deleted checkpoints no chunk", async () => {
    await withServer({}, async ({ server, open }) => {
      const { threads } = await open();
      const bytes = new Uint8Array(5_000);
      const hash = createHash("sha256").update(bytes).digest("hex");
      for (const id of ["1", "2"]) {
        const checkpoint = { namespace: "", id, value: bytes, chunks: [hash] };
        await threads.put(THREAD, {
          checkpoint,
          chunks: [{ hash, bytes, needs: [] }],
          now: NOW,
          expiresAt: NOW * 2,
        });
        const write = { taskId: "t", index: 0, value: bytes, chunks: [] };
        await threads.putWrites(THREAD, {
          namespace: "",
          checkpointId: id,
          writes: [write],
          chunks: [],
          now: NOW,
        });
      }
      const keys = Object.keys(await sizes(server.url));
      // What was written last, large bodies, the owner's list, and the list of those that expire.
      expect(keys.length).toBe(4);
      await threads.deleteCheckpoints(THREAD, [
        { namespace: "", id: "1" },
        { namespace: "", id: "2" },
      ]);
      const left = await sizes(server.url);
      expect(left["memcube:{t:t:user%3a%ada:thread}:data"]).toBeUndefined();
      expect(left["memcube:{t:t:user%3a%ada:thread}:recent"]).toBe(1);
      expect(await threads.delete(THREAD)).toBe(true);
      expect(await sizes(server.url)).toEqual({});
    });
  });

  test("of a large blob nothing, where there is a folder for them", async () => {
    const directory = await mkdtemp(join(tmpdir(), "memcube-redis-blobs-"));
    try {
      await withServer({}, async ({ server, open }) => {
        const { blobs } = await open({ url: server.url, blobs: directoryBlobs({ directory }) });
        const small = await blobs.put("t", new Uint8Array(65_536).fill(1));
        const large = await blobs.put("t", new Uint8Array(65_537).fill(2));
        expect(await sizes(server.url)).toEqual({
          "memcube:{b:t}:data": 1,
          "memcube:{b:t}:order": 1,
        });
        const files = await readdir(directory, { recursive: true });
        expect(files.filter((name) => name.endsWith(large.hash)).length).toBe(1);
        expect(files.filter((name) => name.endsWith(small.hash))).toEqual([]);
        expect(await blobs.list("t", { limit: 10 })).toEqual([small.hash, large.hash].sort());
        expect(await blobs.delete("t", large.hash)).toBe(true);
        expect(await blobs.has("t", large.hash)).toBe(false);
      });
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  test("a blob too large for Redis is refused where there is nowhere else", async () => {
    await withServer({}, async ({ open }) => {
      const { blobs } = await open();
      const error = await errorOf(blobs.put("t", new Uint8Array(67_108_865)));
      expect(error).toMatchObject({ code: "MEMCUBE_LIMIT_EXCEEDED" });
    });
  });
});

describeRedis("turns in the queue", () => {
  test("a tenant that comes back goes behind those that wait", async () => {
    await withServer({}, async ({ open }) => {
      const { queue } = await open();
      const many = ["a", "b", "c"].flatMap((tenantId) =>
        Array.from({ length: 4 }, (_, at) => task(`${tenantId}${at}`, { tenantId })),
      );
      await queue.enqueue(many, NOW);
      const order: string[] = [];
      for (let turn = 0; turn < 8; turn += 1) {
        await queue.enqueue([task(`z${turn}`, { tenantId: "z" })], NOW);
        const [leased] = await lease(queue);
        if (leased === undefined) throw new TypeError("nothing was due");
        order.push(leased.tenantId);
        await queue.complete(leased);
      }
      expect(order).toEqual(["a", "b", "c", "z", "a", "b", "c", "z"]);
    });
  });

  test("a thousand tenants with tasks cost a lease no more than one", async () => {
    await withServer({}, async ({ open }) => {
      const { queue } = await open();
      const timed = async (): Promise<number> => {
        const started = performance.now();
        for (let at = 0; at < 200; at += 1) {
          const [leased] = await lease(queue);
          if (leased !== undefined) await queue.complete(leased);
        }
        return performance.now() - started;
      };
      await queue.enqueue(
        Array.from({ length: 400 }, (_, at) => task(`k${at}`)),
        NOW,
      );
      await timed();
      const one = await timed();
      const tasks = Array.from({ length: 2_000 }, (_, at) =>
        task(`m${at}`, { tenantId: `t${at % 1_000}` }),
      );
      await queue.enqueue(tasks, NOW);
      // Four times leaves room for whatever else the machine does; looking at each tenant would be 100.
      expect(await timed()).toBeLessThan(4 * one + 200);
    });
  });
});
