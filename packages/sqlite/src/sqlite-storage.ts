import type { BlobStore, Storage } from "@memcube/core";

import { type BackupOptions, backupTo } from "./backup.ts";
import { directoryBlobs } from "./blobs/directory-blobs.ts";
import { memoryBlobs } from "./blobs/memory-blobs.ts";
import { Client } from "./client.ts";
import { parseOptions, type ParsedOptions, type SqliteStorageOptions } from "./options.ts";
import { taskQueueOf } from "./ports/task-queue.ts";
import { threadsOf } from "./ports/threads.ts";
import { topicOf } from "./ports/topic.ts";
import { usageOf } from "./ports/usage.ts";
import { purgeDropped, vaultOf } from "./ports/vault.ts";

/** The embedded storage: every port of core on one SQLite file and a folder of blobs. */
export interface SqliteStorage extends Storage {
  /**
   * Copies database and blobs while both are in use. The copy is checked and opens like any other:
   * the database at `path`, its blobs in `${path}.blobs`.
   *
   * @param path of a file that does not exist yet
   * @throws MemCubeError `MEMCUBE_INVALID_INPUT` when it exists, `MEMCUBE_STORAGE_*`; the signal's
   * reason when it was aborted, in which case nothing is left behind
   */
  backup(path: string, options?: BackupOptions): Promise<void>;
}

/**
 * Opens the embedded storage. The database lives in a worker thread, so no call holds up the event
 * loop; several processes may have the same file open.
 *
 * @throws TypeError for wrong options
 * @throws MemCubeError `MEMCUBE_STORAGE_DAMAGED`, `MEMCUBE_STORAGE_NEWER`, `MEMCUBE_STORAGE_FULL`,
 * `MEMCUBE_STORAGE_FAILED`, `MEMCUBE_BUSY`
 */
export async function sqliteStorage(options: SqliteStorageOptions): Promise<SqliteStorage> {
  const parsed = parseOptions(options);
  const { path, durability, busyTimeoutMs, cacheBytes, maxPages } = parsed;
  const client = new Client({ path, durability, busyTimeoutMs, cacheBytes, maxPages });
  const opened = await client.opened();
  // What a crash left of dropped cubes is destroyed now, while the caller goes on; if that fails, it
  // fails the calls that follow, too, and is done when the file is opened next.
  if (opened.dropped && !opened.readOnly) purgeDropped(client.call).catch(() => {});
  const blobs = untilClosed(client, blobsOf(parsed));
  return {
    name: "sqlite",
    vault: vaultOf(client.call, {
      durability: path === ":memory:" ? "none" : durability,
      candidates: opened.candidates,
    }),
    threads: threadsOf(client.call),
    queue: taskQueueOf(client.call),
    topic: topicOf(client.call),
    usage: usageOf(client.call),
    blobs: blobs.store,
    close: async () => {
      await blobs.finished();
      await client.close();
    },
    backup: async (target, backupOptions = {}) => {
      client.checkOpen();
      await backupTo(target, parsed, backupOptions);
    },
  };
}

function blobsOf({ blobDirectory, durability }: ParsedOptions): BlobStore {
  if (blobDirectory === undefined) return memoryBlobs();
  return directoryBlobs({ directory: blobDirectory, sync: durability === "power" });
}

/** A blob store that is closed with the database, after what was begun. */
function untilClosed(client: Client, store: BlobStore) {
  const open = new Set<Promise<unknown>>();
  const track = async <T>(action: () => Promise<T>): Promise<T> => {
    client.checkOpen();
    const result = action();
    open.add(result);
    try {
      return await result;
    } finally {
      open.delete(result);
    }
  };
  const tracked: BlobStore = {
    put: (tenantId, bytes) => track(() => store.put(tenantId, bytes)),
    get: (tenantId, hash) => track(() => store.get(tenantId, hash)),
    has: (tenantId, hash) => track(() => store.has(tenantId, hash)),
    delete: (tenantId, hash) => track(() => store.delete(tenantId, hash)),
    list: (tenantId, query) => track(() => store.list(tenantId, query)),
  };
  return { store: tracked, finished: () => Promise.allSettled(open) };
}
