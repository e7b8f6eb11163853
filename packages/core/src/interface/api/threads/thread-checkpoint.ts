import type { CheckpointPage, PendingWrite, StoredCheckpoint } from "../../../ports/index.ts";
import { unpackRecord, type ChannelVersion } from "./checkpoint-record.ts";
import { unpackText } from "./packed-text.ts";
import { ValueReader } from "./read-value.ts";
import type { OpenThread } from "./thread-access.ts";
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

/** @throws MemCubeError `MEMCUBE_STORAGE_DAMAGED` */
export function readPage(
  thread: OpenThread,
  { items, chunks }: Pick<CheckpointPage, "items" | "chunks">,
): ThreadCheckpoint[] {
  const reader = new ValueReader(chunks, thread.cache.chunks);
  return items.map((item) => readCheckpoint(thread, item, reader));
}

function readCheckpoint(
  { cache, ref }: OpenThread,
  { checkpoint: stored, writes }: StoredCheckpoint,
  reader: ValueReader,
): ThreadCheckpoint {
  const { value: _value, chunks: _chunks, ...place } = stored;
  const record = cache.recordOf(ref, stored) ?? unpackRecord(stored);
  cache.learnRecord(ref, stored, record);
  const { head, values } = record;
  return {
    ...place,
    head: () => reader.read(head),
    channels: new Map(Array.from(values, ([name, { version }]) => [name, version])),
    value: (channel: string) => {
      const entry = values.get(channel);
      return entry === undefined ? undefined : reader.read(entry);
    },
    writes: writes.map((write) => readWrite(write, reader)).sort(byTask),
  };
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
