import type { RunnableConfig } from "@langchain/core/runnables";
import {
  type ChannelVersions,
  type Checkpoint,
  type CheckpointMetadata,
  type PendingWrite,
  type SerializerProtocol,
  WRITES_IDX_MAP,
} from "@langchain/langgraph-checkpoint";
import {
  type ChannelStep,
  type CheckpointStep,
  MemCubeError,
  type ThreadInput,
  type WritesStep,
} from "@memcube/core";

import { fromLangGraphValue } from "./from-langgraph-value.ts";
import { extensionRecord } from "./value-records.ts";

/** Where in a thread a config points to. */
export interface ConfigPlace {
  readonly threadId: string | undefined;
  readonly namespace: string | undefined;
  readonly id: string | undefined;
}

/** Reads `configurable`; ids that are empty count as left out, as in LangGraph. */
export function placeOf(config: RunnableConfig): ConfigPlace {
  const { thread_id, checkpoint_ns, checkpoint_id, thread_ts } = (config.configurable ??
    {}) as Readonly<Record<string, unknown>>;
  return {
    threadId: textOf(thread_id),
    namespace: textOf(checkpoint_ns),
    id: textOf(checkpoint_id) || textOf(thread_ts) || undefined,
  };
}

/** The config of a checkpoint. */
export function configOf(threadId: string, namespace: string, id: string) {
  return { configurable: { thread_id: threadId, checkpoint_ns: namespace, checkpoint_id: id } };
}

/** @throws MemCubeError `MEMCUBE_INVALID_INPUT` when it is not there */
export function required(value: string | undefined, name: string): string {
  if (value !== undefined) return value;
  throw new MemCubeError(
    "MEMCUBE_INVALID_INPUT",
    `The config has no "${name}" in "configurable": { configurable: { ${name}: "..." } }.`,
  );
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "number" ? String(value) : undefined;
}

type Written = ThreadInput | Promise<ThreadInput>;

/** Takes a value as it is now: LangGraph goes on changing what it gave. */
export function writeValue(value: unknown, serde: SerializerProtocol | undefined): Written {
  return serde === undefined ? fromLangGraphValue(value) : typed(serde.dumpsTyped(value));
}

async function typed(dumped: ReturnType<SerializerProtocol["dumpsTyped"]>): Promise<ThreadInput> {
  return extensionRecord("Typed", await dumped);
}

interface PutGiven {
  readonly checkpoint: Checkpoint;
  readonly metadata: CheckpointMetadata;
  readonly newVersions: ChannelVersions;
  readonly parentId: string | undefined;
}

interface TakenChannel extends Omit<ChannelStep, "value"> {
  readonly name: string;
  readonly value?: Written;
}

/** A checkpoint as a step of a thread. Values are taken before anything is waited for. */
export function fromPut(
  { checkpoint, metadata, newVersions, parentId }: PutGiven,
  serde: SerializerProtocol | undefined,
): () => Promise<Omit<CheckpointStep, "namespace">> {
  const { v, id, ts, channel_values: values, channel_versions: versions } = checkpoint;
  const write = (value: unknown): Written => writeValue(value, serde);
  // A copied checkpoint is put beside the one it was copied from: its parent has other values.
  const isCopy = metadata.source === "fork";
  const taken = Object.entries(versions).map(([name, version]): TakenChannel => {
    const changed = isCopy || Object.hasOwn(newVersions, name);
    const channel = { name, version, changed };
    if (!Object.hasOwn(values, name)) return channel;
    return changed
      ? { ...channel, value: write(values[name]) }
      : { ...channel, valueAnew: () => write(values[name]) };
  });
  const seen = fromLangGraphValue(checkpoint.versions_seen);
  const meta = write(metadata);
  const channelOf = async ({ name, value, ...channel }: TakenChannel) =>
    [name, { ...channel, ...(value !== undefined && { value: await value }) }] as const;
  return async () => ({
    id,
    ...(parentId === undefined ? {} : { parentId }),
    head: { v, ts, versions: fromLangGraphValue(versions), seen, meta: await meta },
    channels: new Map<string, ChannelStep>(await Promise.all(taken.map(channelOf))),
    // The state of a DeltaChannel is what was written since its last snapshot.
    needsAncestors: Object.keys(metadata.counters_since_delta_snapshot ?? {}).length > 0,
  });
}

/**
 * Writes of a task; values as in {@link fromPut}. Ordinary writes are counted by themselves: LangGraph
 * gives them again (durability "exit") with special ones before or after them, and the first one stays.
 */
export function fromWrites(
  writes: readonly PendingWrite[],
  serde: SerializerProtocol | undefined,
): () => Promise<WritesStep["writes"]> {
  let ordinary = 0;
  const rows = writes.map(([channel, value]) => ({
    index: special(channel) ?? ordinary++,
    channel,
    value: writeValue(value, serde),
  }));
  return async () =>
    await Promise.all(rows.map(async (row) => ({ ...row, value: await row.value })));
}

/** Place of a special write, which replaces the one before; `undefined` for an ordinary one. */
function special(channel: string): number | undefined {
  return Object.hasOwn(WRITES_IDX_MAP, channel) ? WRITES_IDX_MAP[channel] : undefined;
}
