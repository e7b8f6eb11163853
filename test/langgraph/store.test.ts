import { memoryStorage } from "@memcube/core/testing";
import { redisStorage } from "@memcube/redis";
import { sqliteStorage } from "@memcube/sqlite";
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll } from "vitest";

import { describeRedis } from "../servers/describe-redis.ts";
import { type RedisServer, startRedis } from "../servers/redis-server.ts";
import { storeSuite } from "./store-suite.ts";

storeSuite("in memory", () => memoryStorage());
storeSuite("on SQLite", () => sqliteStorage({ path: ":memory:" }));

describeRedis("with a redis-server", (binary) => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis({ binary });
  });
  afterAll(async () => {
    await server.stop();
  });
  storeSuite("on Redis", () =>
    redisStorage({ url: server.url, prefix: `store-${randomUUID()}`, search: "local" }),
  );
});
