import { isMemCubeError } from "../../../errors.ts";
import type { ThreadChunk } from "../../../ports/index.ts";
import { parseInput } from "../options.ts";
import {
  carriedEntry,
  packRecord,
  unpackRecord,
  type ChannelVersion,
  type Entry,
} from "./checkpoint-record.ts";
import { ChunkSink } from "./chunk-sink.ts";
import { stepSchema, writesSchema } from "./options.ts";
import { checkStepBytes, PACKED, PACKED_LATER } from "./packed-text.ts";
import type { OpenThread } from "./thread-access.ts";
import type { ThreadInput } from "./thread-value.ts";
import { writeValue, type WrittenValue } from "./write-value.ts";

/** A channel of a checkpoint that is put. */
export interface ChannelStep {
  readonly version: ChannelVersion;
  /**
   * Whether this checkpoint has another value than its parent. If not, it has the one that the parent
   * has for this version, or none.
   */
  readonly changed: boolean;
  /** Of a channel that changed. @default none */
  readonly value?: ThreadInput;
  /** Of one that did not: asked for when the parent was deleted, or has expired, meanwhile. @default none */
  readonly valueAnew?: () => ThreadInput | Promise<ThreadInput>;
}

export interface CheckpointStep {
  /** @default "" */
  readonly namespace?: string;
  readonly id: string;
  readonly parentId?: string;
  /** What stands beside the channels. */
  readonly head: ThreadInput;
  readonly channels: ReadonlyMap<string, ChannelStep>;
  /** Its state is in its ancestors' writes, too: they are not pruned. @default false */
  readonly needsAncestors?: boolean;
  /** When the whole thread expires, from now. @default what was set before stays */
  readonly ttlMs?: number;
}

/** @throws MemCubeError `MEMCUBE_INVALID_INPUT`, `MEMCUBE_LIMIT_EXCEEDED` */
export async function putCheckpoint(thread: OpenThread, step: CheckpointStep): Promise<void> {
  const { head, channels, ...rest } = step;
  const options = parseInput(stepSchema, rest, "checkpoint");
  const { namespace, id, parentId, needsAncestors, ttlMs } = options;
  const { cache, ref, now } = thread;
  await storeKnowing(thread, async (sink, isSure) => {
    const parent = await parentEntries(thread, { namespace, parentId, channels, isSure });
    const written = writeValue(head, sink);
    const values = new Map<string, Entry>();
    for (const [name, channel] of channels) {
      const entry =
        parent === "gone" && !channel.changed
          ? await writeAnew(channel, sink)
          : writeChannel(channel, parent === "gone" ? undefined : parent?.get(name), sink);
      if (entry === undefined) continue;
      values.set(name, { version: channel.version, ...entry });
    }
    const said = { head: written, values, needsAncestors };
    const record = packRecord(said, sink.packing);
    const chunks = checked(sink.chunks, record.value);
    const place = { namespace, id, ...(parentId === undefined ? {} : { parentId }) };
    const checkpoint = { ...place, ...record };
    await thread.context.storage.threads.put(ref, {
      checkpoint,
      chunks,
      packable: sink.packing === PACKED_LATER,
      now,
      ...(ttlMs === undefined ? {} : { expiresAt: now + ttlMs }),
    });
    cache.learnRecord(ref, checkpoint, said);
  });
}

function writeChannel(
  { version, changed, value }: ChannelStep,
  parent: Entry | undefined,
  sink: ChunkSink,
): WrittenValue | undefined {
  if (changed) return value === undefined ? undefined : writeValue(value, sink);
  return parent?.version === version ? carriedEntry(parent, sink) : undefined;
}

async function writeAnew(
  { valueAnew }: ChannelStep,
  sink: ChunkSink,
): Promise<WrittenValue | undefined> {
  return valueAnew && writeValue(await valueAnew(), sink);
}

interface ParentQuery {
  readonly namespace: string;
  readonly parentId: string | undefined;
  readonly channels: ReadonlyMap<string, ChannelStep>;
  /** Whether what the cache knows is to be trusted. */
  readonly isSure: boolean;
}

/** Values of the parent, where there is one and any of them may be kept. */
async function parentEntries(
  { context, cache, ref, now }: OpenThread,
  { namespace, parentId, channels, isSure }: ParentQuery,
): Promise<ReadonlyMap<string, Entry> | "gone" | undefined> {
  const keeps = [...channels.values()].some(({ changed }) => !changed);
  if (parentId === undefined || !keeps) return undefined;
  const known = isSure ? cache.record(ref, namespace, parentId) : undefined;
  if (known !== undefined) return known.values;
  const found = await context.storage.threads.get(ref, {
    namespace,
    id: parentId,
    withoutChunks: true,
    now,
  });
  return found === undefined ? "gone" : unpackRecord(found.checkpoint).values;
}

export interface WritesStep {
  /** @default "" */
  readonly namespace?: string;
  /** Of the checkpoint, which need not be there yet. */
  readonly id: string;
  readonly taskId: string;
  /** Orders the writes of tasks. @default "" */
  readonly taskPath?: string;
  /** Of one index the first stays; below zero, the last. */
  readonly writes: readonly {
    readonly index: number;
    readonly channel: string;
    readonly value: ThreadInput;
  }[];
  /** As that of a checkpoint. */
  readonly ttlMs?: number;
}

/** @throws MemCubeError `MEMCUBE_INVALID_INPUT`, `MEMCUBE_LIMIT_EXCEEDED` */
export async function putWrites(thread: OpenThread, step: WritesStep): Promise<void> {
  const { writes, ...rest } = step;
  const { namespace, id, taskId, taskPath, ttlMs } = parseInput(writesSchema, rest, "writes");
  const { ref, now } = thread;
  await storeKnowing(thread, async (sink) => {
    const rows = writes.map(({ index, channel, value }) => {
      const { text, needs } = writeValue(value, sink);
      return {
        taskId,
        index,
        value: sink.packing.text(`[${JSON.stringify(channel)},${text}]`),
        chunks: needs,
        ...(taskPath === "" ? {} : { taskPath }),
      };
    });
    await thread.context.storage.threads.putWrites(ref, {
      namespace,
      checkpointId: id,
      writes: rows,
      chunks: checked(sink.chunks, ...rows.map(({ value }) => value)),
      packable: sink.packing === PACKED_LATER,
      now,
      ...(ttlMs === undefined ? {} : { expiresAt: now + ttlMs }),
    });
  });
}

/**
 * Stores by `store` what it gathers in the sink: first without the chunks that should be there; when
 * one of them is not, once more with all.
 */
async function storeKnowing(
  { cache, ref, context }: OpenThread,
  store: (sink: ChunkSink, isSure: boolean) => Promise<void>,
): Promise<void> {
  const packing = context.storage.threads.packs === true ? PACKED_LATER : PACKED;
  const sink = new ChunkSink(cache.known(ref), packing, cache.chunks);
  try {
    await store(sink, true);
    cache.learn(ref, sink.named);
  } catch (error) {
    if (!isMemCubeError(error, "MEMCUBE_INVALID_INPUT")) throw error;
    cache.forget(ref);
    const all = new ChunkSink(new Set(), packing, cache.chunks);
    await store(all, false);
    cache.learn(ref, all.named);
  }
}

/** @throws MemCubeError `MEMCUBE_LIMIT_EXCEEDED` */
function checked(
  chunks: readonly ThreadChunk[],
  ...values: readonly Uint8Array[]
): readonly ThreadChunk[] {
  const bytes = [...chunks.map((chunk) => chunk.bytes), ...values];
  const size = bytes.reduce((sum, { length }) => sum + length, 0);
  checkStepBytes(size);
  return chunks;
}
