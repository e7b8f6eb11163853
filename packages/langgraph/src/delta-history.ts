import type { DeltaChannelHistory, SerializerProtocol } from "@langchain/langgraph-checkpoint";
import type { MemThreads, ThreadCheckpoint, ThreadWrite } from "@memcube/core";

import { toLangGraphValue } from "./to-langgraph-value.ts";
import { toPendingWrites } from "./to-langgraph.ts";

interface HistoryQuery {
  readonly threadId: string;
  readonly namespace: string;
  readonly id?: string;
  readonly channels: readonly string[];
}

/** Ancestors that are read with one call. */
const PAGE = 512;

/** What was collected of a channel, newest first. */
interface Collected {
  readonly writes: ThreadWrite[];
  seed?: ThreadCheckpoint;
}

/**
 * What ancestors of a checkpoint wrote to channels, each back to the nearest ancestor that has its
 * value: how the state of a DeltaChannel is made. One read per page of ancestors.
 */
export async function deltaHistory(
  threads: MemThreads,
  { threadId, namespace, id, channels }: HistoryQuery,
  serde: SerializerProtocol,
): Promise<Record<string, DeltaChannelHistory>> {
  const collected = new Map(channels.map((name): [string, Collected] => [name, { writes: [] }]));
  const target = await threads.get(threadId, id === undefined ? { namespace } : { namespace, id });
  const open = new Map(collected);
  let next = target?.parentId;
  while (next !== undefined && open.size > 0) {
    const ancestors = await threads.lineage(threadId, { namespace, id: next, limit: PAGE });
    for (const ancestor of ancestors) collect(ancestor, open);
    next = ancestors.at(-1)?.parentId;
  }
  const histories = Array.from(collected, async ([name, { writes, seed }]) => {
    const read = { writes: await toPendingWrites(writes.toReversed(), serde) };
    if (seed === undefined) return [name, read];
    return [name, { ...read, seed: await toLangGraphValue(seed.value(name) ?? null, serde) }];
  });
  return Object.fromEntries(await Promise.all(histories)) as Record<string, DeltaChannelHistory>;
}

/** Takes an ancestor's writes, then its value: a channel that has one is done. */
function collect(ancestor: ThreadCheckpoint, open: Map<string, Collected>): void {
  for (const write of ancestor.writes.toReversed()) open.get(write.channel)?.writes.push(write);
  for (const [name, channel] of open) {
    if (!ancestor.channels.has(name)) continue;
    channel.seed = ancestor;
    open.delete(name);
  }
}
