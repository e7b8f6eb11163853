import { subscribe, unsubscribe } from "node:diagnostics_channel";

import { createMemOS, type TelemetryEvents } from "@memcube/core";
import { redisStorage } from "@memcube/redis";
import { expect, test } from "vitest";

import { describeRedis } from "../servers/describe-redis.ts";
import { tell } from "../servers/redis-cluster.ts";
import { type RedisServer, startRedis } from "../servers/redis-server.ts";
import { startProxy, type TcpProxy } from "../servers/tcp-proxy.ts";
import { addMemory, createCube, readIds } from "./cube-commits.ts";
import { errorOf } from "./with-server.ts";

interface Pair {
  readonly master: RedisServer;
  readonly replica: RedisServer;
  /** The address that clients know: it leads to whoever is the master. */
  readonly proxy: TcpProxy;
  readonly url: string;
  /** The replica stops to follow: what is committed from now on is lost by {@link failOver}. */
  cutReplica(): Promise<void>;
  failOver(): Promise<void>;
}

async function withPair(work: (pair: Pair) => Promise<void>): Promise<void> {
  const master = await startRedis();
  const replica = await startRedis({ replicaOf: master.port });
  const proxy = await startProxy(master.port);
  try {
    await arrives(master, replica);
    await work({
      master,
      replica,
      proxy,
      url: `redis://127.0.0.1:${proxy.port}`,
      cutReplica: async () => {
        await arrives(master, replica);
        await tell(replica.port, "REPLICAOF", "NO", "ONE");
      },
      failOver: async () => {
        await master.kill();
        proxy.retarget(replica.port);
        proxy.cutAll();
      },
    });
  } finally {
    await proxy.close();
    await master.stop();
    await replica.stop();
  }
}

/** All that was written so far has arrived. */
async function arrives(master: RedisServer, replica: RedisServer): Promise<void> {
  const mark = String(performance.now());
  await tell(master.port, "SET", "mark", mark);
  await expect.poll(() => tell(replica.port, "GET", "mark"), { timeout: 10_000 }).toBe(mark);
}

describeRedis("failover to a replica that lacks the last commits", () => {
  test.each([
    ["fewer commits than before", 0],
    ["as many commits as before, others", 3],
    ["more commits than before", 5],
  ])("a process that had read the lost ones rebuilds, with %s", async (_what, after) => {
    await withPair(async ({ url, cutReplica, failOver }) => {
      const reported: unknown[] = [];
      const hear = (event: unknown): void => {
        const { error, where } = event as TelemetryEvents["memcube:error"];
        if (where === "redis.feed") reported.push(error);
      };
      subscribe("memcube:error", hear);
      const rebuilt: unknown[] = [];
      const listen = (event: unknown): void => {
        if ((event as TelemetryEvents["memcube:index"]).how === "rebuilt") rebuilt.push(event);
      };
      subscribe("memcube:index", listen);
      const os = createMemOS({ storage: await redisStorage({ url, timeoutMs: 1_000 }) });
      try {
        const cube = await os.as({ userId: "ada" }).createCube("trips");
        await cube.add("Ada keeps her passport in the kitchen");
        await cutReplica();
        for (const place of ["attic", "garage", "cellar"])
          await cube.add(`Ada moved the passport to the ${place}`);
        const before = await cube.position();
        expect((await cube.search("passport", { limit: 10 })).hits.length).toBe(4);
        await failOver();
        await expect
          .poll(
            () =>
              cube.position().then(
                ({ seq }) => seq,
                () => 0,
              ),
            { timeout: 5_000 },
          )
          .toBe(before.seq - 3);
        for (let at = 0; at < after; at += 1) await cube.add(`Ada bought map number ${at}`);
        const { hits } = await cube.search("passport", { limit: 10 });
        const texts = hits.map(({ memory }) => JSON.stringify(memory.payload));
        expect(texts.filter((text) => /attic|garage|cellar/u.test(text))).toEqual([]);
        expect(texts.filter((text) => text.includes("kitchen")).length).toBe(1);
        expect(rebuilt.length).toBeGreaterThan(0);
        expect(reported).toMatchObject([
          { code: "MEMCUBE_POSITION_LOST", details: { cubeId: "trips", seen: before.seq } },
        ]);
        expect((await cube.verify()).ok).toBe(true);
      } finally {
        unsubscribe("memcube:index", listen);
        unsubscribe("memcube:error", hear);
        await os.close();
      }
    });
  });

  test("a commit that asked for a replica is not acknowledged without it", async () => {
    await withPair(async ({ url, cutReplica, failOver }) => {
      const options = { url, timeoutMs: 1_000, acknowledge: { replicas: 1 } };
      const storage = await redisStorage(options);
      try {
        await createCube(storage.vault);
        const acknowledged: string[] = [];
        for (const id of ["a", "b", "c"]) {
          await addMemory(storage.vault, id);
          acknowledged.push(id);
        }
        await cutReplica();
        const error = await errorOf(addMemory(storage.vault, "lost"));
        expect(error).toMatchObject({ code: "MEMCUBE_STORAGE_UNREACHABLE", retryable: true });
        await failOver();
        await expect
          .poll(
            () =>
              readIds(storage.vault, [...acknowledged, "lost"]).then(
                (ids) => [...ids].sort(),
                () => [],
              ),
            { timeout: 5_000 },
          )
          .toEqual(acknowledged);
      } finally {
        await storage.close();
      }
    });
  });

  test("a fencing token of before is refused by the server that never gave it", async () => {
    await withPair(async ({ url, cutReplica, failOver }) => {
      const storage = await redisStorage({ url, timeoutMs: 1_000 });
      try {
        const { queue } = storage;
        const task = { key: "k", tenantId: "t", cubeId: "c", type: "work", payload: {} };
        const query = { types: ["work"], limit: 1, leaseMs: 60_000, worker: "w" };
        await queue.enqueue([task], 1_000);
        await cutReplica();
        const [lost] = await queue.lease({ ...query, now: 1_000 });
        if (lost === undefined) throw new TypeError("nothing leased");
        await failOver();
        await expect
          .poll(
            () =>
              queue.lease({ ...query, now: 1_005 }).then(
                (tasks) => tasks[0]?.attempt,
                () => 0,
              ),
            { timeout: 5_000 },
          )
          .toBe(1);
        const error = await errorOf(queue.complete(lost));
        expect(error).toMatchObject({ code: "MEMCUBE_LEASE_LOST" });
      } finally {
        await storage.close();
      }
    });
  });
});
