import type { Page } from "../../../flow/index.ts";
import type { CheckpointPage, ThreadRecord } from "../../../ports/index.ts";
import { assertOpen } from "../context.ts";
import { parseInput } from "../options.ts";
import {
  getSchema,
  lineageSchema,
  listSchema,
  listThreadsSchema,
  type GetCheckpointOptions,
  type LineageOptions,
  type ListCheckpointsOptions,
  type ListThreadsOptions,
  type PruneOptions,
  type SearchThreadsOptions,
} from "./options.ts";
import { pruneThread } from "./prune.ts";
import {
  putCheckpoint,
  putWrites,
  type CheckpointStep,
  type WritesStep,
} from "./put-checkpoint.ts";
import { searchThreads, type ThreadHit } from "./search-threads.ts";
import { openThread, type OpenThread, type ThreadVisitor } from "./thread-access.ts";
import { readPage, type ThreadCheckpoint } from "./thread-checkpoint.ts";

/**
 * Working state of agent frameworks (LangGraph's checkpoints): threads of the caller, in its tenant.
 * Nobody else sees them, whatever roles they have; what is to be shared is a memory. Each put is one
 * atomic step. State that checkpoints share is stored once, so a thread grows with what is new in each.
 *
 * Every method throws MemCubeError `MEMCUBE_CLOSED`, `MEMCUBE_INVALID_INPUT`, and what the storage does.
 */
export interface MemThreads {
  /** Stores a checkpoint; the same id replaces it. */
  put(threadId: string, step: CheckpointStep): Promise<void>;
  /** Stores what a task wrote towards the next checkpoint; it may come before its checkpoint. */
  putWrites(threadId: string, step: WritesStep): Promise<void>;
  /** A checkpoint, or the newest of the namespace; `undefined` when it is not there. */
  get(threadId: string, options?: GetCheckpointOptions): Promise<ThreadCheckpoint | undefined>;
  /** Checkpoints, newest first. */
  list(threadId: string, options?: ListCheckpointsOptions): Promise<Page<ThreadCheckpoint>>;
  /** A checkpoint and its ancestors, nearest first, at most `limit`. */
  lineage(threadId: string, options: LineageOptions): Promise<readonly ThreadCheckpoint[]>;
  /** Threads, last used first. */
  listThreads(options?: ListThreadsOptions): Promise<Page<ThreadRecord>>;
  /** Deletes a thread; whether there was one. */
  delete(threadId: string): Promise<boolean>;
  /**
   * Deletes all but the newest checkpoints of each namespace, and of those that these need as
   * ancestors. How many.
   */
  prune(threadId: string, options?: PruneOptions): Promise<number>;
  /** Threads whose newest state holds a text, last used first. */
  search(text: string, options?: SearchThreadsOptions): Promise<readonly ThreadHit[]>;
}

export function memThreads(visitor: ThreadVisitor): MemThreads {
  const open = (threadId: string): OpenThread => openThread(visitor, threadId);
  const read = (thread: OpenThread, page: CheckpointPage): ThreadCheckpoint[] => {
    const { cache, ref } = thread;
    cache.learn(ref, page.chunks.keys());
    return readPage(thread, page);
  };
  const threads: MemThreads = {
    put: async (threadId, step) => await putCheckpoint(open(threadId), step),
    putWrites: async (threadId, step) => await putWrites(open(threadId), step),
    get: async (threadId, options = {}) => {
      const thread = open(threadId);
      const { namespace, id } = parseInput(getSchema, options, "options");
      const query = { namespace, now: thread.now, ...(id === undefined ? {} : { id }) };
      const page = await readKnowing(thread, async (withoutChunks) => {
        const { threads: port } = visitor.context.storage;
        const found = await port.get(thread.ref, { ...query, withoutChunks });
        return { items: found === undefined ? [] : [found], chunks: found?.chunks ?? new Map() };
      });
      return read(thread, page)[0];
    },
    list: async (threadId, options = {}) => {
      const thread = open(threadId);
      const query = parseInput(listSchema, options, "options");
      const { threads: port } = visitor.context.storage;
      const page = await port.list(thread.ref, { ...query, now: thread.now });
      const items = read(thread, page);
      return page.cursor === undefined ? { items } : { items, cursor: page.cursor };
    },
    lineage: async (threadId, options) => {
      const thread = open(threadId);
      const query = parseInput(lineageSchema, options, "options");
      const { threads: port } = visitor.context.storage;
      const { ref, now } = thread;
      const page = await readKnowing(
        thread,
        async (withoutChunks) => await port.lineage(ref, { ...query, withoutChunks, now }),
      );
      return read(thread, page);
    },
    listThreads: async (options = {}) => {
      const { context, caller } = visitor;
      assertOpen(context);
      const query = parseInput(listThreadsSchema, options, "options");
      return await context.storage.threads.threads({
        ...query,
        tenantId: caller.tenantId,
        owner: `user:${caller.userId}`,
        now: context.clock.now(),
      });
    },
    delete: async (threadId) => {
      const { context, ref, cache } = open(threadId);
      cache.forget(ref);
      return await context.storage.threads.delete(ref);
    },
    prune: async (threadId, options) => await pruneThread(open(threadId), options),
    search: async (text, options) => await searchThreads(threads, text, options),
  };
  return threads;
}

/**
 * Reads without chunks where this process has been at the thread: they are at hand, then. If one is
 * not, it is read again with all.
 */
async function readKnowing(
  { cache, ref }: OpenThread,
  readPageOf: (withoutChunks: boolean) => Promise<CheckpointPage>,
): Promise<CheckpointPage> {
  if (cache.known(ref).size > 0) {
    const page = await readPageOf(true);
    const roots = page.items.flatMap(({ checkpoint, writes }) => [
      ...checkpoint.chunks,
      ...writes.flatMap(({ chunks }) => chunks),
    ]);
    if (cache.chunks.holds(roots)) return page;
  }
  return await readPageOf(false);
}
