import { storageConformance, vaultConformance } from "@memcube/conformance";
import type { RedisStorageOptions } from "@memcube/redis";
import { createClient, createCluster } from "redis";
import { afterAll, beforeAll, describe } from "vitest";

import { makeRedisPlace, removePlaces } from "../redis/redis-place.ts";
import { describeMissing, describeRedis, describeValkey } from "../servers/describe-redis.ts";
import { type RedisCluster, startCluster } from "../servers/redis-cluster.ts";
import type { RedisBinary } from "../servers/redis-binary.ts";
import { type RedisServer, startRedis } from "../servers/redis-server.ts";

function suiteOn(binary: RedisBinary, name: string, options: RedisStorageOptions): void {
  let server: RedisServer;
  let raw: ReturnType<typeof createClient>;
  beforeAll(async () => {
    server = await startRedis({ binary });
    raw = createClient({ url: server.url });
    await raw.connect();
  });
  afterAll(async () => {
    raw.destroy();
    await server.stop();
  });
  storageConformance(name, () => makeRedisPlace({ ...options, url: server.url }, raw));
}

describeRedis("one server", (binary) => {
  suiteOn(binary, "redis", { search: "local" });
});

describeRedis("one server, functions forbidden", (binary) => {
  suiteOn(binary, "redis by EVALSHA", { search: "local", functions: false });
});

describeValkey("one valkey-server", (binary) => {
  suiteOn(binary, "valkey", { search: "local" });
});

describeRedis("a cluster of three masters", (binary) => {
  let cluster: RedisCluster;
  let client: ReturnType<typeof clusterClient>;
  beforeAll(async () => {
    cluster = await startCluster({ binary });
    client = clusterClient(cluster);
    await client.connect();
  });
  afterAll(async () => {
    client.destroy();
    await cluster.stop();
  });
  storageConformance("redis cluster", () =>
    makeRedisPlace(
      { client, search: "local" },
      { sendCommand: (args) => client.sendCommand(args[1], false, [...args]) },
    ),
  );
});

function clusterClient({ masters }: RedisCluster) {
  const client = createCluster({ rootNodes: masters.map(({ url }) => ({ url })) });
  client.on("error", () => undefined);
  return client;
}

const stack = process.env["MEMCUBE_TEST_REDIS_STACK_URL"];
describe("a server with the query engine", () => {
  const declare =
    stack === undefined
      ? () => describeMissing("MEMCUBE_TEST_REDIS_STACK_URL is not set")
      : () => suiteOnStack(stack);
  declare();
});

function suiteOnStack(url: string): void {
  const raw = createClient({ url });
  beforeAll(async () => {
    await raw.connect();
  });
  afterAll(async () => {
    raw.destroy();
    await removePlaces(url);
  });
  storageConformance("redis with the query engine", () =>
    makeRedisPlace({ url, search: "query-engine" }, raw),
  );
  for (const algorithm of ["hnsw", "flat"] as const) {
    for (const type of ["float32", "float16"] as const) {
      const vectors = { model: "of the index", dimensions: 4, algorithm, type };
      vaultConformance(`redis with the query engine and vectors, ${algorithm} ${type}`, () =>
        makeRedisPlace({ url, search: "query-engine", vectors }, raw),
      );
    }
  }
}
