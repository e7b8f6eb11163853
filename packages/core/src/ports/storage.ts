import type { BlobStore } from "./blob-store.ts";
import type { TaskQueue } from "./task-queue.ts";
import type { Threads } from "./threads.ts";
import type { Topic } from "./topic.ts";
import type { Usage } from "./usage.ts";
import type { Vault } from "./vault.ts";

/** The bundle of ports one database provides. Ready to use when its maker returned it. */
export interface Storage {
  /** For people: `memory`, `sqlite`, `redis`. */
  readonly name: string;
  readonly vault: Vault;
  readonly threads: Threads;
  readonly queue: TaskQueue;
  readonly topic: Topic;
  readonly blobs: BlobStore;
  readonly usage: Usage;
  /**
   * Finishes what was begun and lets go of what the driver opened itself. Safe to call twice.
   * Later calls of any port raise `MEMCUBE_CLOSED`.
   */
  close(): Promise<void>;
}
