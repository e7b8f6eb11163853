import { isDeepStrictEqual } from "node:util";

import type { RunnableConfig } from "@langchain/core/runnables";
import {
  BaseCheckpointSaver,
  type ChannelVersions,
  type Checkpoint,
  type CheckpointListOptions,
  type CheckpointMetadata,
  type CheckpointTuple,
  type DeltaChannelHistory,
  type PendingWrite,
} from "@langchain/langgraph-checkpoint";
import { type MemThreads, resolveScope, type ThreadCheckpoint } from "@memcube/core";

import { deltaHistory } from "./delta-history.ts";
import { configOf, fromPut, fromWrites, placeOf, required } from "./from-langgraph.ts";
import { newestOfThread, newestOfThreads, oneOfThread } from "./list-checkpoints.ts";
import { parseSaverOptions, type MemCubeSaverOptions } from "./options.ts";
import { toMetadata, toTuple, withSends } from "./to-langgraph.ts";

/**
 * LangGraph's checkpointer on memcube: `graph.compile({ checkpointer: new MemCubeSaver({ os }) })`.
 * Threads belong to the caller that the scope names, each put is one atomic step, and state that
 * checkpoints share is stored once.
 *
 * Methods throw MemCubeError `MEMCUBE_INVALID_INPUT` (no thread id), `MEMCUBE_LIMIT_EXCEEDED`,
 * `MEMCUBE_CLOSED`, and what the storage does.
 */
export class MemCubeSaver extends BaseCheckpointSaver {
  readonly #options: MemCubeSaverOptions;
  /** Where the scope is the same for every request. */
  #own: Promise<MemThreads> | undefined;

  /** @throws MemCubeError `MEMCUBE_INVALID_INPUT` for bad options */
  constructor(options: MemCubeSaverOptions) {
    const parsed = parseSaverOptions(options);
    super(parsed.serde);
    this.#options = parsed;
  }

  async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    const { threadId, namespace = "", id } = placeOf(config);
    if (threadId === undefined) return undefined;
    const threads = await this.#threads(config);
    const found = await threads.get(threadId, id === undefined ? { namespace } : { namespace, id });
    return found && (await this.#tuple(threads, threadId, found));
  }

  async *list(
    config: RunnableConfig,
    options: CheckpointListOptions = {},
  ): AsyncGenerator<CheckpointTuple> {
    const { threadId, namespace, id } = placeOf(config);
    const { limit = Infinity, filter = {} } = options;
    const before = options.before && placeOf(options.before).id;
    const threads = await this.#threads(config);
    const query = {
      // One more than wanted is not asked for, and a filter may pass few.
      pageSize: Object.keys(filter).length > 0 ? Infinity : limit,
      ...(namespace === undefined ? {} : { namespace }),
      ...(before === undefined ? {} : { before }),
    };
    let left = limit;
    if (left <= 0) return;
    const found = () => {
      if (threadId === undefined) return newestOfThreads(threads, query);
      if (id === undefined || namespace === undefined) {
        return newestOfThread(threads, threadId, query);
      }
      return oneOfThread(threads, threadId, { ...query, id, namespace });
    };
    for await (const { threadId: thread, checkpoint } of found()) {
      if (id !== undefined && checkpoint.id !== id) continue;
      if (!(await this.#passes(checkpoint, filter))) continue;
      yield await this.#tuple(threads, thread, checkpoint);
      left -= 1;
      if (left <= 0) return;
    }
  }

  async put(
    config: RunnableConfig,
    checkpoint: Checkpoint,
    metadata: CheckpointMetadata,
    newVersions: ChannelVersions,
  ): Promise<RunnableConfig> {
    const place = placeOf(config);
    const threadId = required(place.threadId, "thread_id");
    const { namespace = "", id: parentId } = place;
    const given = { checkpoint, metadata, newVersions, parentId };
    const step = fromPut(given, this.#options.serde);
    const threads = await this.#threads(config);
    await threads.put(threadId, { namespace, ...(await step()), ...this.#ttl() });
    return configOf(threadId, namespace, checkpoint.id);
  }

  /** @param taskPath orders the writes of tasks; LangGraph gives it from 1.7 on */
  override async putWrites(
    config: RunnableConfig,
    writes: PendingWrite[],
    taskId: string,
    taskPath = "",
  ): Promise<void> {
    const place = placeOf(config);
    const threadId = required(place.threadId, "thread_id");
    const id = required(place.id, "checkpoint_id");
    const { namespace = "" } = place;
    const rows = fromWrites(writes, this.#options.serde);
    const threads = await this.#threads(config);
    const step = { namespace, id, taskId, taskPath, writes: await rows() };
    await threads.putWrites(threadId, { ...step, ...this.#ttl() });
  }

  async deleteThread(threadId: string): Promise<void> {
    const threads = await this.#threads({ configurable: { thread_id: threadId } });
    await threads.delete(threadId);
  }

  override async getDeltaChannelHistory(options: {
    config: RunnableConfig;
    channels: string[];
  }): Promise<Record<string, DeltaChannelHistory>> {
    const { config, channels } = options;
    const { threadId, namespace = "", id } = placeOf(config);
    if (threadId === undefined) return {};
    const place = id === undefined ? { namespace } : { namespace, id };
    const threads = await this.#threads(config);
    return await deltaHistory(threads, { threadId, ...place, channels }, this.serde);
  }

  async #threads(config: RunnableConfig): Promise<MemThreads> {
    if (typeof this.#options.scope === "function") return await this.#threadsOf(config);
    this.#own ??= this.#threadsOf(config);
    return await this.#own;
  }

  async #threadsOf(config: RunnableConfig): Promise<MemThreads> {
    const { os, scope } = this.#options;
    const { caller } = await resolveScope(scope, config, "langgraph");
    return os.as(caller).threads;
  }

  #ttl(): { readonly ttlMs?: number } {
    const { ttlMs } = this.#options;
    return ttlMs === undefined ? {} : { ttlMs };
  }

  async #tuple(
    threads: MemThreads,
    threadId: string,
    stored: ThreadCheckpoint,
  ): Promise<CheckpointTuple> {
    const tuple = await toTuple(threadId, stored, this.serde);
    const { namespace, parentId } = stored;
    if (tuple.checkpoint.v >= 4 || parentId === undefined) return tuple;
    const parent = await threads.get(threadId, { namespace, id: parentId });
    const checkpoint = await withSends(tuple.checkpoint, parent?.writes ?? [], this.serde);
    return { ...tuple, checkpoint };
  }

  async #passes(
    checkpoint: ThreadCheckpoint,
    filter: Readonly<Record<string, unknown>>,
  ): Promise<boolean> {
    const wanted = Object.entries(filter);
    if (wanted.length === 0) return true;
    const metadata = new Map(Object.entries(await toMetadata(checkpoint, this.serde)));
    return wanted.every(([key, value]) => isDeepStrictEqual(metadata.get(key), value));
  }
}
