import { randomUUID } from "node:crypto";

import { storageConformance } from "@memcube/conformance";
import { redisStorage } from "@memcube/redis";
import { createClient } from "redis";
import { afterAll, describe, test } from "vitest";

import { findRedis } from "../servers/redis-binary.ts";
import { startRedis } from "../servers/redis-server.ts";

const redis = await findRedis();
if ("missing" in redis) {
  describe("redis", () => test.skip(redis.missing));
} else {
  const server = await startRedis({ appendFsync: "everysec" });
  afterAll(() => server.stop());
  for (const functions of [true, false]) {
    storageConformance(functions ? "redis" : "redis without functions", () =>
      makePlace(server.url, { search: "local", functions }),
    );
  }
}

async function makePlace(url: string, options: { search: "local"; functions: boolean }) {
  const prefix = `test-${randomUUID()}`;
  return {
    shared: true,
    open: () => redisStorage({ url, prefix, ...options }),
    destroy: async () => {
      const client = await createClient({ url }).connect();
      for await (const keys of client.scanIterator({ MATCH: `${prefix}:*`, COUNT: 1_000 }))
        if (keys.length > 0) await client.unlink(keys);
      await client.close();
    },
  };
}
