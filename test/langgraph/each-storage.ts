import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Storage } from "@memcube/core";
import { memoryStorage } from "@memcube/core/testing";
import { redisStorage } from "@memcube/redis";
import { sqliteStorage } from "@memcube/sqlite";
import { afterAll, beforeAll, describe } from "vitest";

import { removePlaces } from "../redis/redis-place.ts";
import { describeMissing, describeRedis } from "../servers/describe-redis.ts";
import { type RedisServer, startRedis } from "../servers/redis-server.ts";

/** Opens an empty storage. */
export type OpenStorage = () => Storage | Promise<Storage>;

/** Declares tests on every storage: in memory, SQLite in a file, plain Redis, and Redis Stack. */
export function eachStorage(tests: (name: string, open: OpenStorage) => void): void {
  describe("in memory", () => {
    tests("memory", () => memoryStorage());
  });
  describe("on SQLite", () => {
    onSqlite(tests);
  });
  describeRedis("on plain Redis", (binary) => {
    let server: RedisServer;
    beforeAll(async () => {
      server = await startRedis({ binary });
    });
    afterAll(async () => {
      await server.stop();
    });
    tests("redis", () => redisStorage({ url: server.url, prefix: randomUUID(), search: "local" }));
  });
  describe("on Redis Stack", () => {
    onRedisStack(tests);
  });
}

function onSqlite(tests: (name: string, open: OpenStorage) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "memcube-saver-"));
  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  tests("sqlite", () =>
    sqliteStorage({ path: join(directory, `${randomUUID()}.db`), durability: "process" }),
  );
}

function onRedisStack(tests: (name: string, open: OpenStorage) => void): void {
  const url = process.env["MEMCUBE_TEST_REDIS_STACK_URL"];
  if (url === undefined) {
    describeMissing("MEMCUBE_TEST_REDIS_STACK_URL names no Redis Stack server");
    return;
  }
  afterAll(async () => {
    await removePlaces(url);
  });
  tests("redis stack", () => redisStorage({ url, prefix: `memcube-test-${randomUUID()}` }));
}
