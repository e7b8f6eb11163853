import type { BlobStore, Storage } from "@memcube/core";

import { type BackupOptions, backupTo } from "./backup.ts";
import { removeAbandoned } from "./blobs/abandoned.ts";
import { BlobPaths } from "./blobs/blob-paths.ts";
import { directoryBlobs } from "./blobs/directory-blobs.ts";
import { memoryBlobs } from "./blobs/memory-blobs.ts";
import { untilClosed } from "./blobs/until-closed.ts";
import { Client, type CommandClient } from "./client.ts";
import { nearCall } from "./near-call.ts";
import { NearDatabase } from "./near-database.ts";
import { OpenWork } from "./open-work.ts";
import { parseOptions, type ParsedOptions, type SqliteStorageOptions } from "./options.ts";
import type { Opened } from "./protocol.ts";
import { LogKeeper } from "./ports/log-keeper.ts";
import { nearThreads } from "./ports/near-threads.ts";
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
 * Opens the embedded storage. The database lives in a worker thread, so that no call holds up the event
 * loop for long: only what takes less time than a message to that thread is done at once. One in RAM has
 * no thread: whatever is called is done at once. Several processes may have the same file open.
 *
 * @throws TypeError for wrong options
 * @throws MemCubeError `MEMCUBE_STORAGE_DAMAGED`, `MEMCUBE_STORAGE_NEWER`, `MEMCUBE_STORAGE_FULL`,
 * `MEMCUBE_STORAGE_FAILED`, `MEMCUBE_BUSY`
 */
export async function sqliteStorage(options: SqliteStorageOptions): Promise<SqliteStorage> {
  const parsed = parseOptions(options);
  return await storageOver(await clientOf(parsed), parsed, blobsOf(parsed));
}

async function clientOf(parsed: ParsedOptions): Promise<CommandClient> {
  const { path, durability, busyTimeoutMs, cacheBytes, maxPages } = parsed;
  const options = { path, durability, busyTimeoutMs, cacheBytes, maxPages };
  if (!isInRam(parsed)) return new Client(options);
  // Loaded when asked for: a file's commands are loaded by its thread.
  const { openInThread } = await import("./in-thread-client.ts");
  return openInThread(options);
}

/** The storage over an open database. */
export async function storageOver(
  client: CommandClient,
  parsed: ParsedOptions,
  blobs: BlobStore,
): Promise<SqliteStorage> {
  const { durability } = parsed;
  const opened = await client.opened();
  const inRam = isInRam(parsed);
  const near = new NearDatabase(parsed, !opened.readOnly && !inRam);
  const checkOpen = () => client.checkOpen();
  const keeper = new LogKeeper(client.order);
  const work = new OpenWork();
  if (!opened.readOnly) tidyUp(client, parsed, opened, work);
  return {
    name: "sqlite",
    vault: vaultOf(inRam ? client.call : nearCall(client.call, near, checkOpen), {
      durability: inRam ? "none" : durability,
      candidates: opened.candidates,
    }),
    threads: inRam
      ? threadsOf(client.call)
      : nearThreads(threadsOf(client.call), near, { keeper, checkOpen }),
    queue: taskQueueOf(client.call),
    topic: topicOf(client.call),
    usage: usageOf(client.call),
    blobs: untilClosed(blobs, work, checkOpen),
    close: async () => {
      keeper.layOut();
      const settled = near.close();
      const closed = client.close(); // refuses new calls from here on
      await settled;
      await work.finished();
      await closed;
    },
    backup: async (target, backupOptions = {}) => {
      client.checkOpen();
      await work.begin(backupTo(target, parsed, backupOptions));
    },
  };
}

function isInRam({ path }: ParsedOptions): boolean {
  return path === ":memory:";
}

/**
 * Clears away what a crash has left, while the caller goes on: the rest of dropped cubes, and blobs half
 * written. When that fails, so do the calls that follow, and it is done when the file is opened next.
 */
function tidyUp(
  client: CommandClient,
  { blobDirectory }: ParsedOptions,
  opened: Opened,
  work: OpenWork,
): void {
  client.order("begin log");
  client.order("lay out journal"); // of a process that was killed
  const clear = async (): Promise<void> => {
    if (opened.dropped) await purgeDropped(client.call);
    if (blobDirectory === undefined) return;
    await removeAbandoned(new BlobPaths(blobDirectory).incoming, Date.now());
  };
  work.begin(clear()).catch(() => {});
}

function blobsOf({ blobDirectory, durability }: ParsedOptions): BlobStore {
  if (blobDirectory === undefined) return memoryBlobs();
  return directoryBlobs({ directory: blobDirectory, sync: durability === "power" });
}
