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
import { describeMissing, describeRedis } from "./describe-redis.ts";
import { type RedisServer, startRedis } from "./redis-server.ts";

/** Opens a storage. */
export type OpenStorage = () => Storage | Promise<Storage>;

/** Makes an empty place; what it gives opens the place, again after each close, as a restart does. */
export type MakePlace = () => OpenStorage;

/** Declares tests on every storage: in memory, SQLite in a file, plain Redis, and Redis Stack. */
export function eachPlace(tests: (makePlace: MakePlace, name: string) => void): void {
  describe("in memory", () => {
    tests(() => {
      const { data } = memoryStorage();
      return () => memoryStorage({ from: data });
    }, "memory");
  });
  describe("on SQLite", () => {
    tests(sqlitePlaces(), "sqlite");
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
    }, "redis");
  });
  describe("on Redis Stack", () => {
    const url = process.env["MEMCUBE_TEST_REDIS_STACK_URL"];
    if (url === undefined)
      describeMissing("MEMCUBE_TEST_REDIS_STACK_URL names no Redis Stack server");
    else tests(redisStackPlaces(url), "redis stack");
  });
}

/** The same for tests that need no more than an empty storage each time. */
export function eachStorage(tests: (name: string, open: OpenStorage) => void): void {
  eachPlace((makePlace, name) => {
    tests(name, () => makePlace()());
  });
}

function sqlitePlaces(): MakePlace {
  const directory = mkdtempSync(join(tmpdir(), "memcube-test-"));
  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return () => {
    const path = join(directory, `${randomUUID()}.db`);
    return async () => await sqliteStorage({ path, durability: "process" });
  };
}

function redisStackPlaces(url: string): MakePlace {
  afterAll(async () => {
    await removePlaces(url);
  });
  return () => {
    const prefix = `memcube-test-${randomUUID()}`;
    return async () => await redisStorage({ url, prefix });
  };
}
