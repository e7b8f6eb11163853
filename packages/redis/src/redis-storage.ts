import { MemCubeError, type Storage, type TaskQueue } from "@memcube/core";

import { storageBlobs } from "./blobs/storage-blobs.ts";
import { openSearch } from "./candidates/search-mode.ts";
import { noFields, searchFields } from "./candidates/search-schema.ts";
import { type OpenConnection, openConnection } from "./connection/open-connection.ts";
import { CubeFeed } from "./feed/cube-feed.ts";
import { parseOptions, type ParsedOptions, type RedisStorageOptions } from "./options.ts";
import { redisTaskQueue } from "./queue/task-queue.ts";
import { redisThreads } from "./threads/threads.ts";
import { redisTopic } from "./topic/topic.ts";
import { redisUsage } from "./usage/usage.ts";
import { Outbox } from "./vault/outbox.ts";
import { vaultOf } from "./vault/vault.ts";

/**
 * Opens the storage on a Redis, a Valkey or a cluster of them.
 *
 * @throws TypeError for wrong options
 * @throws MemCubeError `MEMCUBE_NOT_SUPPORTED` (too old, or it evicts keys), `MEMCUBE_STORAGE_FAILED`
 * (wrong password), `MEMCUBE_STORAGE_UNREACHABLE`
 */
export async function redisStorage(options: RedisStorageOptions): Promise<Storage> {
  const parsed = parseOptions(options);
  const connection = await openConnection(parsed);
  try {
    return await assemble(connection, parsed);
  } catch (error) {
    await connection.close();
    throw error;
  }
}

async function assemble(connection: OpenConnection, options: ParsedOptions): Promise<Storage> {
  refuseEviction(connection, options);
  refuseWaiting(connection, options);
  const search = await openSearch(connection, options);
  const queue = redisTaskQueue(connection);
  const outbox = new Outbox(connection, queue);
  const feed = new CubeFeed(connection, options.feedLeaseMs);
  return {
    name: "redis",
    vault: vaultOf({
      connection,
      outbox,
      feed,
      durability: options.durability ?? connection.server.durability ?? "process",
      fields: search.documents ? searchFields(connection.keys) : noFields,
      ...(search.vectors === undefined ? {} : { vectors: search.vectors }),
      candidates: search.candidates,
      acknowledge: {
        ...options.acknowledge,
        waitMs: Math.floor(options.timeoutMs * 0.4),
      },
    }),
    threads: redisThreads(connection),
    queue: connection.server.isCluster ? sweeping(queue, outbox) : queue,
    topic: redisTopic(connection),
    blobs: storageBlobs(connection, options),
    usage: redisUsage(connection),
    close: async () => {
      await feed.close();
      await connection.close();
    },
  };
}

/** Whoever looks for work also looks for what crashed processes left. */
function sweeping(queue: TaskQueue, outbox: Outbox): TaskQueue {
  return {
    ...queue,
    lease: async (query) => {
      await outbox.sweep(query.now);
      return queue.lease(query);
    },
  };
}

/** WAIT speaks of its own connection; the commands of a pool go over any. */
function refuseWaiting({ kind }: OpenConnection, { acknowledge }: ParsedOptions): void {
  const waits = acknowledge.replicas > 0 || acknowledge.fsync;
  if (!waits || kind === "client" || kind === "cluster") return;
  const why = "`acknowledge` needs a single connection: give a URL, a client or a cluster.";
  throw new MemCubeError("MEMCUBE_NOT_SUPPORTED", why, { details: { kind } });
}

function refuseEviction({ server }: OpenConnection, { allowEviction }: ParsedOptions): void {
  const { evictionPolicy } = server;
  if (allowEviction || evictionPolicy?.startsWith("allkeys") !== true) return;
  throw new MemCubeError(
    "MEMCUBE_NOT_SUPPORTED",
    `With maxmemory-policy ${evictionPolicy} Redis throws memories away when it is full. Set it to noeviction, or pass allowEviction.`,
    { details: { evictionPolicy } },
  );
}
