import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";

import { ALL_RULES, findBrokenRules } from "@memcube/conformance";
import { type NativeClient, redisStorage, type RedisStorageOptions } from "@memcube/redis";
import { createClient, createClientPool, createSentinel } from "redis";
import { expect, test } from "vitest";

import { describeRedis } from "../servers/describe-redis.ts";
import { freePorts } from "../servers/free-ports.ts";
import { makeRedisPlace } from "./redis-place.ts";
import { withServer } from "./with-server.ts";

/** A part of the suite: every port in its main ways. */
const RULES = ALL_RULES.filter((_, at) => at % 4 === 0);

async function open(client: NativeClient, options: Partial<RedisStorageOptions> = {}) {
  return redisStorage({ ...options, client });
}

async function brokenWith(url: string, client: NativeClient): Promise<string[]> {
  const raw = createClient({ url });
  await raw.connect();
  try {
    const broken = await findBrokenRules(RULES, () =>
      makeRedisPlace({ client, search: "local" }, raw),
    );
    return broken.map(({ rule, error }) => `${rule.name}: ${String(error)}`);
  } finally {
    raw.destroy();
  }
}

describeRedis("clients of every kind", (binary) => {
  test("one that many storages share gets one listener for each event, and loses it again", async () => {
    await withServer({}, async ({ server }) => {
      const client = createClient({ url: server.url });
      client.on("error", () => undefined);
      const counts = () =>
        ["error", "reconnecting", "end"].map((event) => client.listenerCount(event));
      const warnings: string[] = [];
      const warned = ({ message }: Error): void => void warnings.push(message);
      process.on("warning", warned);
      try {
        await client.connect();
        expect(counts()).toEqual([1, 0, 0]);
        const storages = await Promise.all(Array.from({ length: 12 }, () => open(client)));
        expect(counts()).toEqual([2, 1, 0]);
        const [first, ...others] = storages;
        for (const storage of others) await storage.close();
        expect(counts()).toEqual([2, 1, 0]);
        // What is left does its work.
        expect(await first?.queue.stats("t")).toMatchObject({ waiting: 0 });
        await first?.close();
        await first?.close();
        expect(counts()).toEqual([1, 0, 0]);
        await expect(open(client, { search: "query-engine" })).rejects.toMatchObject({
          code: "MEMCUBE_NOT_SUPPORTED",
        });
        expect(counts()).toEqual([1, 0, 0]);
        client.destroy();
        await server.kill();
        await expect(open(client, { connectTimeoutMs: 200 })).rejects.toMatchObject({
          code: "MEMCUBE_STORAGE_UNREACHABLE",
        });
        expect(counts()).toEqual([1, 0, 0]);
        await setImmediate();
        expect(warnings).toEqual([]);
      } finally {
        process.off("warning", warned);
      }
    });
  });

  test("a pool", async () => {
    await withServer({}, async ({ server }) => {
      const pool = createClientPool({ url: server.url }, { minimum: 1, maximum: 4 });
      pool.on("error", () => undefined);
      await pool.connect();
      expect(await brokenWith(server.url, pool)).toEqual([]);
      pool.destroy();
    });
  });

  test("a client that Sentinel leads to its master", async () => {
    await withServer({}, async ({ server }) => {
      const directory = await mkdtemp(join(tmpdir(), "memcube-sentinel-"));
      const [port = 0] = await freePorts(1);
      const settings = [
        `port ${port}`,
        `dir ${directory}`,
        `sentinel monitor main 127.0.0.1 ${server.port} 1`,
      ];
      const file = join(directory, "sentinel.conf");
      await writeFile(file, settings.join("\n"));
      const child = spawn(binary.path, [file, "--sentinel"], {
        env: { ...process.env, ...binary.env },
        stdio: "ignore",
      });
      try {
        const sentinel = createSentinel({
          name: "main",
          sentinelRootNodes: [{ host: "127.0.0.1", port }],
        });
        sentinel.on("error", () => undefined);
        await expect
          .poll(() => sentinel.connect().then(() => true), { timeout: 10_000 })
          .toBe(true);
        expect(await brokenWith(server.url, sentinel)).toEqual([]);
        await sentinel.destroy();
      } finally {
        const gone = once(child, "exit");
        child.kill();
        await gone;
        await rm(directory, { recursive: true, force: true });
      }
    });
  });
});
