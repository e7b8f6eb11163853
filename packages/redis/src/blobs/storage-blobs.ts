import type { BlobStore } from "@memcube/core";

import type { RedisConnection } from "../connection/connection.ts";
import { composeBlobs } from "./compose-blobs.ts";
import { redisBlobs } from "./redis-blobs.ts";

interface Options {
  /** For what is larger than `redisBlobBytes`: `directoryBlobs(...)`, an object store. */
  readonly blobs?: BlobStore | undefined;
  readonly redisBlobBytes: number;
}

/**
 * The blob port of the storage: small ones in Redis, larger ones where the user says, as beyond some
 * 64 KiB files are faster and RAM is dearer. Without that all lie in Redis, 64 MiB each at most.
 */
export function storageBlobs(
  connection: RedisConnection,
  { blobs, redisBlobBytes }: Options,
): BlobStore {
  const small = redisBlobs(connection);
  if (blobs === undefined) return small;
  return composeBlobs({ small, large: openOnly(connection, blobs), smallBytes: redisBlobBytes });
}

/** A store that refuses calls once the storage is closed. */
function openOnly(connection: RedisConnection, store: BlobStore): BlobStore {
  const open = async <T>(action: () => Promise<T>): Promise<T> => {
    connection.checkOpen();
    return action();
  };
  return {
    put: (tenantId, bytes) => open(() => store.put(tenantId, bytes)),
    get: (tenantId, hash) => open(() => store.get(tenantId, hash)),
    has: (tenantId, hash) => open(() => store.has(tenantId, hash)),
    delete: (tenantId, hash) => open(() => store.delete(tenantId, hash)),
    list: (tenantId, query) => open(() => store.list(tenantId, query)),
  };
}
