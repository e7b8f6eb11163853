import { type CubeRef, isMemCubeError } from "@memcube/core";
import { redisStorage } from "@memcube/redis";
import { createCluster } from "redis";
import { expect, test } from "vitest";

import { describeRedis } from "../servers/describe-redis.ts";
import { type RedisCluster, startCluster, tell } from "../servers/redis-cluster.ts";
import { addMemory, createCube, readIds, readLog } from "./cube-commits.ts";
import { errorOf } from "./with-server.ts";

const REFS = Array.from({ length: 12 }, (_, at) => ({ tenantId: "t", cubeId: `cube-${at}` }));

/** As the README of the package advises. */
function clientOf({ masters }: RedisCluster) {
  return createCluster({
    rootNodes: masters.map(({ url }) => ({ url })),
    topologyRefreshOnReconnectionAttemptStrategy: 500,
    defaults: { disableOfflineQueue: true },
  });
}

async function withCluster(
  options: Parameters<typeof startCluster>[0],
  work: (cluster: RedisCluster, storage: Awaited<ReturnType<typeof redisStorage>>) => Promise<void>,
): Promise<void> {
  const cluster = await startCluster(options);
  const client = clientOf(cluster);
  client.on("error", () => undefined);
  try {
    await client.connect();
    const storage = await redisStorage({ client, timeoutMs: 1_000 });
    try {
      await work(cluster, storage);
    } finally {
      await storage.close();
    }
  } finally {
    client.destroy();
    await cluster.stop();
  }
}

describeRedis("a cluster", () => {
  test("cubes are spread over the masters, and their tasks get to the one queue", async () => {
    await withCluster({ withReplicas: false }, async ({ masters }, { vault, queue }) => {
      for (const cube of REFS) {
        await createCube(vault, cube);
        await addMemory(vault, "a", { cube });
      }
      const sizes = await Promise.all(masters.map(({ port }) => tell(port, "DBSIZE")));
      expect(sizes.every((size) => Number(size) > 0)).toBe(true);
      for (const cube of REFS) expect((await readLog(vault, cube)).length).toBe(2);
      // Scripts are on each of them, also after one forgot them.
      await tell(masters[1]?.port ?? 0, "FUNCTION", "FLUSH");
      for (const cube of REFS) {
        const task = { key: `of ${cube.cubeId}`, ...cube, type: "work", payload: {} };
        await addMemory(vault, "b", { cube, tasks: [task] });
      }
      const query = { types: ["work"], now: Date.UTC(2100, 0, 1), leaseMs: 1_000, worker: "w" };
      const leased = await queue.lease({ ...query, limit: 100 });
      expect(leased.map(({ key }) => key).sort()).toEqual(
        REFS.map(({ cubeId }) => `of ${cubeId}`).sort(),
      );
    });
  });

  test("what another process commits is heard on sharded channels", async () => {
    await withCluster({}, async (cluster, writer) => {
      const client = clientOf(cluster);
      client.on("error", () => undefined);
      await client.connect();
      const reader = await redisStorage({ client, feedLeaseMs: 10_000 });
      try {
        const calls = async () => {
          const stats = await Promise.all(
            cluster.masters.map(({ port }) => tell(port, "INFO", "commandstats")),
          );
          const counts = stats.map((text) => /cmdstat_hmget:calls=(\d+)/u.exec(String(text))?.[1]);
          return counts.reduce((sum, count) => sum + Number(count ?? 0), 0);
        };
        for (const cube of REFS) await createCube(writer.vault, cube);
        const ask = () => Promise.all(REFS.map((cube) => reader.vault.cube(cube)));
        // Asked for again and again they are followed, each on the master that has it.
        await expect
          .poll(
            async () => {
              const before = await calls();
              await ask();
              return (await calls()) - before;
            },
            { timeout: 30_000, interval: 100 },
          )
          .toBe(0);
        const before = await calls();
        for (const cube of REFS) {
          const { position } = await addMemory(writer.vault, "a", { cube });
          const seen = async () => (await reader.vault.cube(cube))?.position;
          await expect.poll(seen, { timeout: 5_000, interval: 5 }).toEqual(position);
        }
        // One in each commit; the reader has asked nobody.
        expect((await calls()) - before).toBe(REFS.length);
      } finally {
        await reader.close();
        client.destroy();
      }
    });
  });

  test("while a master is away, cubes of the others go on", async () => {
    const settings = [["cluster-require-full-coverage", "no"]] as const;
    await withCluster({ settings }, async ({ masters }, { vault }) => {
      for (const cube of REFS) await createCube(vault, cube);
      await masters[0]?.kill();
      // More calls in a row fail than it takes to stop asking.
      const [away, others] = [[], []] as [CubeRef[], CubeRef[]];
      await Promise.all(
        REFS.map(async (cube) => {
          const calls = Array.from({ length: 6 }, (_, at) => addMemory(vault, `a${at}`, { cube }));
          const settled = await Promise.allSettled(calls);
          const failed = settled.filter(({ status }) => status === "rejected");
          expect([0, 6]).toContain(failed.length);
          (failed.length === 0 ? others : away).push(cube);
        }),
      );
      expect([away.length > 0, others.length > 0]).toEqual([true, true]);
      for (const cube of others) await addMemory(vault, "b", { cube });
      const [one] = away;
      if (one === undefined) return;
      const error = await errorOf(addMemory(vault, "b", { cube: one }));
      expect(error).toMatchObject({ code: "MEMCUBE_STORAGE_UNREACHABLE", retryable: true });
    });
  });

  test("after a master died its replica goes on with what it has", async () => {
    await withCluster({ withReplicas: true }, async ({ masters, replicas }, { vault }) => {
      for (const cube of REFS) {
        await createCube(vault, cube);
        await addMemory(vault, "a", { cube });
      }
      for (const [place, { port }] of masters.entries()) {
        const size = await tell(port, "DBSIZE");
        await expect
          .poll(() => tell(replicas[place]?.port ?? 0, "DBSIZE"), { timeout: 10_000 })
          .toBe(size);
      }
      await masters[0]?.kill();
      for (const cube of REFS) {
        await expect
          .poll(
            async () => {
              try {
                await addMemory(vault, "b", { cube });
                return "done";
              } catch (error) {
                // Done by a try whose answer was lost with the master.
                return isMemCubeError(error, "MEMCUBE_CONFLICT") ? "done" : "not yet";
              }
            },
            { timeout: 20_000, interval: 100 },
          )
          .toBe("done");
        expect((await readIds(vault, ["a", "b"], cube)).size).toBe(2);
        expect((await readLog(vault, cube)).length).toBe(3);
      }
    });
  });
});
