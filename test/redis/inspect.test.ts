import { tmpdir } from "node:os";

import { aclRules, inspectRedis, redisStorage } from "@memcube/redis";
import { createCluster } from "redis";
import { expect, test } from "vitest";

import { json, memcube } from "../e2e/run-memcube.ts";
import { describeRedis } from "../servers/describe-redis.ts";
import { startCluster, tell } from "../servers/redis-cluster.ts";
import { startRedis } from "../servers/redis-server.ts";
import { errorOf, withServer } from "./with-server.ts";

/** Result and detail by name. */
async function checksOf(url: string, connectTimeoutMs = 2_000): Promise<Record<string, string>> {
  const checks = await inspectRedis({ url, connectTimeoutMs });
  return Object.fromEntries(
    checks.map(({ name, result, detail }) => [name, `${result}: ${detail}`]),
  );
}

describeRedis("what a server can do for memcube", () => {
  test("a durable one with functions and without a query engine", async () => {
    await withServer({ appendFsync: "always" }, async ({ server }) => {
      const before = await tell(server.port, "DBSIZE");
      expect(await checksOf(server.url)).toEqual({
        server: `ok: Redis ${server.version}`,
        scripts: "ok: as functions",
        search: expect.stringMatching(/^ok: local/u),
        durability: expect.stringMatching(/^ok: power/u),
        memory: "ok: maxmemory-policy noeviction",
        feed: expect.stringMatching(/^ok/u),
      });
      expect(await tell(server.port, "DBSIZE")).toBe(before);
    });
  });

  test("one that loses everything: what is missing is said", async () => {
    await withServer({ maxMemory: "50mb", policy: "allkeys-lfu" }, async ({ server }) => {
      const { durability, memory } = await checksOf(server.url);
      expect(durability).toMatch(/^warning: none: without appendonly yes/u);
      expect(memory).toMatch(/^failed: maxmemory-policy allkeys-lfu .*set noeviction/u);
    });
    await withServer({ appendFsync: "everysec" }, async ({ server }) => {
      expect((await checksOf(server.url))["durability"]).toMatch(/^ok: process/u);
    });
  });

  test("a user who may not ask learns what is not known", async () => {
    await withServer({}, async ({ server }) => {
      const rules = aclRules({ functions: false });
      await tell(server.port, "ACL", "SETUSER", "app", "on", ">secret", ...rules);
      const checks = await checksOf(`redis://app:secret@127.0.0.1:${server.port}`);
      expect(checks["scripts"]).toMatch(/^warning: through EVALSHA/u);
      expect(checks["durability"]).toMatch(/^warning: unknown/u);
      expect(checks["memory"]).toMatch(/^warning: unknown/u);
      expect(checks["search"]).toMatch(/^ok: local/u);
    });
  });

  test("no server, or not for this user: one failed check", async () => {
    await withServer({ password: "secret" }, async ({ server }) => {
      for (const url of [`redis://:wrong@127.0.0.1:${server.port}`, "redis://127.0.0.1:1"]) {
        const checks = await inspectRedis({ url, connectTimeoutMs: 300 });
        expect(checks.map(({ name, result }) => [name, result])).toEqual([["server", "failed"]]);
      }
    });
  });

  test("a node of a cluster is no server, the cluster is", async () => {
    const cluster = await startCluster();
    try {
      const url = cluster.urls[0] ?? "";
      const { server } = await checksOf(url);
      expect(server).toMatch(/^failed: .*createCluster/u);
      const error = await errorOf(redisStorage({ url }));
      expect(error).toMatchObject({ code: "MEMCUBE_NOT_SUPPORTED", retryable: false });
      const client = createCluster({ rootNodes: [{ url }] });
      client.on("error", () => undefined);
      await client.connect();
      const checks = await inspectRedis({ client });
      client.destroy();
      expect(checks.map(({ result }) => result)).not.toContain("failed");
      expect(checks[0]?.detail).toMatch(/, a cluster$/u);
    } finally {
      await cluster.stop();
    }
  });
});

describeRedis("memcube doctor redis://", () => {
  test("says the same, and ends with 1 where something failed", async () => {
    const good = await startRedis({ appendFsync: "everysec" });
    const bad = await startRedis({ maxMemory: "50mb", policy: "allkeys-lru" });
    try {
      const here = { cwd: tmpdir() };
      const said = await memcube(here, "doctor", good.url);
      expect(said).toMatchObject({ code: 0, errors: "" });
      expect(said.out).toMatch(/^ok +server +Redis \d/mu);
      expect(said.out).toMatch(/^ok +durability +process/mu);
      const found = await memcube(here, "doctor", bad.url, "--json");
      expect(found.code).toBe(1);
      expect(json(found.out)).toEqual([
        {
          ok: false,
          checks: expect.arrayContaining([
            { name: "memory", result: "failed", detail: expect.stringContaining("noeviction") },
          ]),
        },
      ]);
    } finally {
      await good.stop();
      await bad.stop();
    }
  });
});
