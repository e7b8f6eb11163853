import type { Page } from "../flow/index.ts";
import type { Principal } from "../memory/index.ts";

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
  /**
   * Hashes of the chunks it names, in its order; one may be there twice. They must be stored already or
   * come with the same put.
   */
  readonly chunks: readonly string[];
}

/** Bytes of one thread, named by what they and the chunks they need are; never changed. */
export interface ThreadChunk {
  /** Letters, digits, `-` and `_`. */
  readonly hash: string;
  readonly bytes: Uint8Array;
  /** Hashes of the chunks that it names in turn, as those of a checkpoint. */
  readonly needs: readonly string[];
}

/**
 * A write of a task towards the next checkpoint. Of writes of one task, index and checkpoint the first
 * stays; where the index is below zero (LangGraph's errors, interrupts and resumes), the last.
 */
export interface PendingWrite {
  readonly taskId: string;
  readonly index: number;
  /** One of the task: all its writes for a checkpoint have the same. */
  readonly taskPath?: string;
  readonly value: Uint8Array;
  /** As those of a checkpoint. */
  readonly chunks: readonly string[];
}

/** A checkpoint and what tasks have written towards the next, in no order. */
export interface StoredCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly writes: readonly PendingWrite[];
}

/** Chunks by hash: all that the checkpoints and writes beside it need, directly or not. */
export type ChunkMap = ReadonlyMap<string, ThreadChunk>;

/** Checkpoints with their chunks. */
export interface CheckpointPage extends Page<StoredCheckpoint> {
  readonly chunks: ChunkMap;
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
  /** Says that what is packable is packed here, when nobody waits for it. @default false */
  readonly packs?: boolean;

  /**
   * Stores a checkpoint with its new chunks; the same id replaces it, pending writes stay.
   * @throws MemCubeError `MEMCUBE_INVALID_INPUT` when a chunk that the checkpoint or a given chunk
   * needs is neither stored nor given; then nothing is written
   */
  put(
    thread: ThreadRef,
    step: {
      readonly checkpoint: Checkpoint;
      readonly chunks: readonly ThreadChunk[];
      /** Whether `packThreadBytes` may be put in the place of value and bytes. @default false */
      readonly packable?: boolean;
      readonly now: number;
      /** When the whole thread expires; left out, what was set before stays. */
      readonly expiresAt?: number;
    },
  ): Promise<void>;

  /** Stores writes with their new chunks; they may come before their checkpoint. @throws like `put` */
  putWrites(
    thread: ThreadRef,
    step: {
      readonly namespace: string;
      readonly checkpointId: string;
      readonly writes: readonly PendingWrite[];
      readonly chunks: readonly ThreadChunk[];
      /** As in `put`. @default false */
      readonly packable?: boolean;
      readonly now: number;
      readonly expiresAt?: number;
    },
  ): Promise<void>;

  /** A checkpoint with its pending writes; without `id` the newest of the namespace. */
  get(
    thread: ThreadRef,
    query: {
      readonly namespace: string;
      readonly id?: string;
      /** Leaves out chunks, which the caller may know. @default false */
      readonly withoutChunks?: boolean;
      readonly now: number;
    },
  ): Promise<(StoredCheckpoint & { readonly chunks: ChunkMap }) | undefined>;

  /** Checkpoints, newest first. */
  list(
    thread: ThreadRef,
    query: {
      /** Left out: every namespace. */
      readonly namespace?: string;
      /** Only checkpoints with a lower id. */
      readonly before?: string;
      /** Leaves out writes and chunks. @default false */
      readonly bare?: boolean;
      readonly limit: number;
      readonly cursor?: string;
      readonly now: number;
    },
  ): Promise<CheckpointPage>;

  /** A checkpoint and its ancestors, nearest first, as far as they are there; at most `limit`. */
  lineage(
    thread: ThreadRef,
    query: {
      readonly namespace: string;
      readonly id: string;
      /** As in `get`. @default false */
      readonly withoutChunks?: boolean;
      readonly limit: number;
      readonly now: number;
    },
  ): Promise<CheckpointPage>;

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

  /**
   * Deletes the named checkpoints with their writes, and chunks that nothing needs any more. Looks
   * through the whole thread.
   */
  deleteCheckpoints(
    thread: ThreadRef,
    checkpoints: readonly { readonly namespace: string; readonly id: string }[],
  ): Promise<void>;

  /** Removes expired threads. How many. */
  sweep(now: number): Promise<number>;
}
