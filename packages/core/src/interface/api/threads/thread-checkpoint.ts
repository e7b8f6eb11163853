import type { CheckpointPage, PendingWrite, StoredCheckpoint } from "../../../ports/index.ts";
import { unpackRecord, type CheckpointRecord, type ChannelVersion } from "./checkpoint-record.ts";
import type { ChunkCache } from "./chunk-cache.ts";
import { unpackText } from "./packed-text.ts";
import { ValueReader } from "./read-value.ts";
import type { ThreadValue } from "./thread-value.ts";

/** A checkpoint of a thread. Its values are read when they are asked for, anew each time. */
export interface ThreadCheckpoint {
  readonly namespace: string;
  readonly id: string;
  readonly parentId?: string;
  /** What the adapter put beside the channels. */
  head(): ThreadValue;
  /** Channels that have a value, and its version. */
  readonly channels: ReadonlyMap<string, ChannelVersion>;
  /** A channel's value; `undefined` when it has none. */
  value(channel: string): ThreadValue | undefined;
  /** By task path, then task, then index. */
  readonly writes: readonly ThreadWrite[];
}

/** What a task wrote towards the next checkpoint. */
export interface ThreadWrite {
  readonly taskId: string;
  readonly taskPath: string;
  readonly index: number;
  readonly channel: string;
  readonly value: () => ThreadValue;
}

/** A checkpoint as it is read, and what is needed to carry its values on. */
export interface ReadCheckpoint {
  readonly checkpoint: ThreadCheckpoint;
  readonly record: CheckpointRecord;
}

/** @throws MemCubeError `MEMCUBE_STORAGE_DAMAGED` */
export function readPage(
  { items, chunks }: Pick<CheckpointPage, "items" | "chunks">,
  cache: ChunkCache,
): ReadCheckpoint[] {
  const reader = new ValueReader(chunks, cache);
  return items.map((item) => readCheckpoint(item, reader));
}

function readCheckpoint(
  { checkpoint: stored, writes }: StoredCheckpoint,
  reader: ValueReader,
): ReadCheckpoint {
  const { value: _value, chunks: _chunks, ...place } = stored;
  const record = unpackRecord(stored);
  const { head, values } = record;
  const checkpoint = {
    ...place,
    head: () => reader.read(head),
    channels: new Map(Array.from(values, ([name, { version }]) => [name, version])),
    value: (channel: string) => {
      const entry = values.get(channel);
      return entry === undefined ? undefined : reader.read(entry);
    },
    writes: writes.map((write) => readWrite(write, reader)).sort(byTask),
  };
  return { checkpoint, record };
}

/** `[channel, value]` as JSON of write-value.ts. */
function readWrite(
  { value: packed, chunks: needs, taskId, index, taskPath = "" }: PendingWrite,
  reader: ValueReader,
): ThreadWrite {
  const [channel, value] = JSON.parse(unpackText(packed)) as [string, unknown];
  const text = JSON.stringify(value);
  return { taskId, index, taskPath, channel, value: () => reader.read({ text, needs }) };
}

function byTask(a: ThreadWrite, b: ThreadWrite): number {
  return compare(a.taskPath, b.taskPath) || compare(a.taskId, b.taskId) || a.index - b.index;
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
