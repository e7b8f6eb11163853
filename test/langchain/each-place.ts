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

/** Makes an empty place; what it gives opens the place, again after each close, as a restart does. */
export type MakePlace = () => () => Storage | Promise<Storage>;

/** Declares tests on every storage: in memory, SQLite in a file, plain Redis, and Redis Stack. */
export function eachPlace(tests: (makePlace: MakePlace) => void): void {
  describe("in memory", () => {
    tests(() => {
      const { data } = memoryStorage();
      return () => memoryStorage({ from: data });
    });
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
    tests(() => {
      const prefix = randomUUID();
      return async () => await redisStorage({ url: server.url, prefix, search: "local" });
    });
  });
  describe("on Redis Stack", () => {
    onRedisStack(tests);
  });
}

function onSqlite(tests: (makePlace: MakePlace) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "memcube-langchain-"));
  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  tests(() => {
    const path = join(directory, `${randomUUID()}.db`);
    return async () => await sqliteStorage({ path, durability: "process" });
  });
}

function onRedisStack(tests: (makePlace: MakePlace) => void): void {
  const url = process.env["MEMCUBE_TEST_REDIS_STACK_URL"];
  if (url === undefined) {
    describeMissing("MEMCUBE_TEST_REDIS_STACK_URL names no Redis Stack server");
    return;
  }
  afterAll(async () => {
    await removePlaces(url);
  });
  tests(() => {
    const prefix = `memcube-test-${randomUUID()}`;
    return async () => await redisStorage({ url, prefix });
  });
}
