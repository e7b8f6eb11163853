import type {
  BlobStore,
  Storage,
  TaskQueue,
  Threads,
  Topic,
  Usage,
  Vault,
  VaultCapabilities,
} from "../ports/index.ts";
import { portOf } from "./direct-port.ts";
import { memoryBlobs } from "./memory-blobs.ts";
import { emptyData, type MemoryData } from "./memory-data.ts";
import { memoryQueue } from "./memory-queue.ts";
import { memoryThreads } from "./memory-threads.ts";
import { memoryTopic } from "./memory-topic.ts";
import { memoryUsage } from "./memory-usage.ts";
import { memoryVault } from "./memory-vault.ts";

export interface MemoryStorageOptions {
  /** Declares and has `vault.candidates`, ranked by shared terms. @default false */
  readonly candidates?: boolean;
  /** Candidates also come by vectors of this model. @default none */
  readonly vectors?: VaultCapabilities["vectors"];
  /**
   * What another memory storage keeps: two storages on the same data are two handles on one place;
   * a storage on a snapshot goes on where that was taken. @default nothing, for this storage alone
   */
  readonly from?: MemoryData;
}

export interface MemoryStorage extends Storage {
  /** Everything it keeps, live: hand it to another `memoryStorage({ from })`. */
  readonly data: MemoryData;
  /** A copy of everything it keeps now, also after it was closed. */
  snapshot(): MemoryData;
}

/**
 * The reference implementation of every port, on maps and arrays: for tests, and to read when a port
 * leaves a question. Slow on purpose where that is simpler; survives nothing.
 */
export function memoryStorage(options: MemoryStorageOptions = {}): MemoryStorage {
  const data = options.from ?? emptyData();
  let open = true;
  const isOpen = (): boolean => open;
  return {
    name: "memory",
    vault: portOf<Vault>(memoryVault(data, options), isOpen),
    threads: portOf<Threads>(memoryThreads(data), isOpen),
    queue: portOf<TaskQueue>(memoryQueue(data), isOpen),
    topic: portOf<Topic>(memoryTopic(data), isOpen),
    blobs: portOf<BlobStore>(memoryBlobs(data), isOpen),
    usage: portOf<Usage>(memoryUsage(data), isOpen),
    async close() {
      open = false;
    },
    data,
    snapshot: () => structuredClone(data),
  };
}
