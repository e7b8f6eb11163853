import {
  type Checkpoint,
  type CheckpointMetadata,
  type CheckpointPendingWrite,
  type CheckpointTuple,
  maxChannelVersion,
  type SerializerProtocol,
  TASKS,
} from "@langchain/langgraph-checkpoint";
import type { ThreadCheckpoint, ThreadValue, ThreadWrite } from "@memcube/core";

import { configOf } from "./from-langgraph.ts";
import { toLangGraphValue } from "./to-langgraph-value.ts";

/** What `fromPut` writes beside the channels. */
interface Head {
  readonly v: number;
  readonly ts: string;
  readonly versions: Record<string, number | string>;
  readonly seen: ThreadValue;
  readonly meta: ThreadValue;
}

/** The metadata of a checkpoint alone: listings look at it first. */
export async function toMetadata(
  checkpoint: ThreadCheckpoint,
  serde: SerializerProtocol,
): Promise<CheckpointMetadata> {
  const { meta } = checkpoint.head() as unknown as Head;
  return (await toLangGraphValue(meta, serde)) as CheckpointMetadata;
}

/** A checkpoint of a thread as LangGraph reads it. */
export async function toTuple(
  threadId: string,
  stored: ThreadCheckpoint,
  serde: SerializerProtocol,
): Promise<CheckpointTuple> {
  const { namespace, id, parentId } = stored;
  const { v, ts, versions, seen, meta } = stored.head() as unknown as Head;
  const values: [string, unknown][] = [];
  for (const name of stored.channels.keys()) {
    values.push([name, await toLangGraphValue(stored.value(name) ?? null, serde)]);
  }
  const checkpoint: Checkpoint = {
    v,
    id,
    ts,
    channel_values: Object.fromEntries(values),
    channel_versions: (await toLangGraphValue(versions, serde)) as Checkpoint["channel_versions"],
    versions_seen: (await toLangGraphValue(seen, serde)) as Checkpoint["versions_seen"],
  };
  return {
    config: configOf(threadId, namespace, id),
    checkpoint,
    metadata: (await toLangGraphValue(meta, serde)) as CheckpointMetadata,
    pendingWrites: await toPendingWrites(stored.writes, serde),
    ...(parentId === undefined ? {} : { parentConfig: configOf(threadId, namespace, parentId) }),
  };
}

export async function toPendingWrites(
  writes: readonly ThreadWrite[],
  serde: SerializerProtocol,
): Promise<CheckpointPendingWrite[]> {
  return await Promise.all(
    writes.map(async ({ taskId, channel, value }): Promise<CheckpointPendingWrite> => [
      taskId,
      channel,
      await toLangGraphValue(value(), serde),
    ]),
  );
}

/** Before format 4 what was sent to tasks lay with the parent's writes: it becomes a channel. */
export async function withSends(
  checkpoint: Checkpoint,
  parentWrites: readonly ThreadWrite[],
  serde: SerializerProtocol,
): Promise<Checkpoint> {
  const sends = await toPendingWrites(
    parentWrites.filter(({ channel }) => channel === TASKS),
    serde,
  );
  const versions = Object.values(checkpoint.channel_versions);
  return {
    ...checkpoint,
    channel_values: { ...checkpoint.channel_values, [TASKS]: sends.map(([, , value]) => value) },
    channel_versions: {
      ...checkpoint.channel_versions,
      [TASKS]: versions.length > 0 ? maxChannelVersion(...versions) : 1,
    },
  };
}
