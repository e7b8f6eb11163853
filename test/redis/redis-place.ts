import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { StoragePlace } from "@memcube/conformance";
import { directoryBlobs, redisStorage, type RedisStorageOptions } from "@memcube/redis";
import { createClient } from "redis";

/** How a test gets at the keys of a place behind the storage's back. */
interface RawClient {
  sendCommand(args: string[]): Promise<unknown>;
}

/**
 * A place that is a key prefix of its own on a server, and a folder for large blobs.
 * @param raw another client of the same server
 */
export async function makeRedisPlace(
  options: RedisStorageOptions,
  raw: RawClient,
): Promise<StoragePlace> {
  const prefix = `memcube-test-${randomUUID()}`;
  const directory = await mkdtemp(join(tmpdir(), "memcube-redis-blobs-"));
  return {
    shared: true,
    open: () =>
      redisStorage({ ...options, prefix, blobs: directoryBlobs({ directory, sync: false }) }),
    destroy: async () => {
      await rm(directory, { recursive: true, force: true });
      // An index costs the server on every write; the keys go at the end.
      if (options.search === "query-engine") await dropIndexes(raw, prefix);
    },
    damageBlob: async (tenantId, hash) => {
      await raw.sendCommand(["HSET", `${prefix}:{b:${tenantId}}:data`, hash, "something else"]);
    },
  };
}

async function dropIndexes(raw: RawClient, prefix: string): Promise<void> {
  for (const name of namesOf(await raw.sendCommand(["FT._LIST"]))) {
    if (name.startsWith(`${prefix}:`)) await raw.sendCommand(["FT.DROPINDEX", name]);
  }
}

/** A list or a set, as the protocol's version has it. */
function namesOf(reply: unknown): string[] {
  return Array.isArray(reply) || reply instanceof Set
    ? [...(reply as Iterable<unknown>)].map(String)
    : [];
}

/** Takes away the keys of places on a server that others use too. */
export async function removePlaces(url: string): Promise<void> {
  const client = createClient({ url });
  await client.connect();
  try {
    for await (const keys of client.scanIterator({ MATCH: "memcube-test-*", COUNT: 1_000 }))
      if (keys.length > 0) await client.unlink(keys);
  } finally {
    client.destroy();
  }
}
