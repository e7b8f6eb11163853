import type { BlobStore } from "@memcube/core";

import type { RedisConnection } from "../connection/connection.ts";
import { composeBlobs } from "./compose-blobs.ts";
import { directoryBlobs, type DirectoryBlobsOptions } from "./directory-blobs.ts";
import { redisBlobs } from "./redis-blobs.ts";

/** Bytes up to which a blob lies in Redis: beyond it files are faster and RAM is dearer. */
const SMALL_BYTES = 65_536;

/**
 * The blob port of the storage: up to 64 KiB in Redis, larger ones where the user says: files, or any
 * blob store (an object store). Without that all lie in Redis, 64 MiB each at most.
 */
export function storageBlobs(
  connection: RedisConnection,
  large: BlobStore | DirectoryBlobsOptions | undefined,
): BlobStore {
  const small = redisBlobs(connection);
  if (large === undefined) return small;
  const store = "directory" in large ? directoryBlobs(large) : large;
  return composeBlobs({ small, large: openOnly(connection, store), smallBytes: SMALL_BYTES });
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
