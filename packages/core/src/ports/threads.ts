import type { Page } from "../flow/index.ts";
import type { JsonObject, Principal } from "../memory/index.ts";

/** Names a thread (LangGraph's or Mastra's working state). Threads belong to tenant and owner. */
export interface ThreadRef {
  readonly tenantId: string;
  readonly owner: Principal;
  readonly threadId: string;
}

/**
 * A checkpoint: `value` is opaque to the storage and refers to chunks by hash, so that state shared
 * between checkpoints is stored once. Ids order checkpoints within a namespace.
 */
export interface Checkpoint {
  readonly namespace: string;
  readonly id: string;
  readonly parentId?: string;
  readonly value: Uint8Array;
  readonly metadata: JsonObject;
  /** Hashes of the chunks it needs. They must be stored already or come with the same put. */
  readonly chunks: readonly string[];
}

/** Content-addressed bytes of one thread. */
export interface ThreadChunk {
  /** SHA-256 (hex) of `bytes`. */
  readonly hash: string;
  readonly bytes: Uint8Array;
}

/** A write of a task towards the next checkpoint. The same task and index replaces the earlier. */
export interface PendingWrite {
  readonly taskId: string;
  readonly index: number;
  readonly channel: string;
  readonly value: Uint8Array;
  readonly taskPath?: string;
}

export interface ThreadRecord {
  readonly threadId: string;
  readonly owner: Principal;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly expiresAt?: number;
  readonly checkpoints: number;
}

/**
 * Working state of agent frameworks: each put is one atomic step. A thread that has expired is not
 * there, swept or not: a put begins it anew.
 */
export interface Threads {
  /**
   * Stores a checkpoint with its new chunks; the same id replaces it, pending writes stay.
   * @throws MemCubeError `MEMCUBE_INVALID_INPUT` when a chunk it needs is neither stored nor given
   */
  put(
    thread: ThreadRef,
    step: {
      readonly checkpoint: Checkpoint;
      readonly chunks: readonly ThreadChunk[];
      readonly now: number;
      /** When the whole thread expires; left out, what was set before stays. */
      readonly expiresAt?: number;
    },
  ): Promise<void>;

  /** Stores writes; they may come before their checkpoint. */
  putWrites(
    thread: ThreadRef,
    step: {
      readonly namespace: string;
      readonly checkpointId: string;
      readonly writes: readonly PendingWrite[];
      readonly now: number;
    },
  ): Promise<void>;

  /** A checkpoint with its pending writes; without `id` the newest of the namespace. */
  get(
    thread: ThreadRef,
    query: { readonly namespace: string; readonly id?: string; readonly now: number },
  ): Promise<
    { readonly checkpoint: Checkpoint; readonly writes: readonly PendingWrite[] } | undefined
  >;

  /** Chunks in the order asked; a missing one is `undefined`. */
  chunks(
    thread: ThreadRef,
    hashes: readonly string[],
  ): Promise<readonly (Uint8Array | undefined)[]>;

  /** Checkpoints, newest first. */
  list(
    thread: ThreadRef,
    query: {
      /** Left out: every namespace. */
      readonly namespace?: string;
      /** Only checkpoints with a lower id. */
      readonly before?: string;
      readonly limit: number;
      readonly cursor?: string;
      readonly now: number;
    },
  ): Promise<Page<Checkpoint>>;

  /** Threads of an owner, last used first. */
  threads(query: {
    readonly tenantId: string;
    readonly owner: Principal;
    readonly limit: number;
    readonly cursor?: string;
    readonly now: number;
  }): Promise<Page<ThreadRecord>>;

  /** Deletes a thread with all its checkpoints, writes and chunks. Whether there was one. */
  delete(thread: ThreadRef): Promise<boolean>;

  /** Deletes the named checkpoints with their writes, and chunks that no other checkpoint needs. */
  deleteCheckpoints(
    thread: ThreadRef,
    checkpoints: readonly { readonly namespace: string; readonly id: string }[],
  ): Promise<void>;

  /** Removes expired threads. How many. */
  sweep(now: number): Promise<number>;
}
