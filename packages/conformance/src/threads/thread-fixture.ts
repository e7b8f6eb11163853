import {
  type Checkpoint,
  type PendingWrite,
  sha256Hex,
  type ThreadChunk,
  type ThreadRef,
  type Threads,
} from "@memcube/core";

import { START } from "../kit/content.ts";

export const THREAD: ThreadRef = { tenantId: "tenant-1", owner: "user:ada", threadId: "thread-1" };

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const chunk = (text: string): ThreadChunk => ({
  hash: sha256Hex(bytes(text)),
  bytes: bytes(text),
  needs: [],
});

/** A chunk that needs others. */
export const parentChunk = (text: string, needs: readonly string[]): ThreadChunk => ({
  ...chunk(text),
  needs,
});

/** Which of the texts' chunks the newest checkpoint of the thread comes with. */
export async function withChunks(
  threads: Threads,
  texts: readonly string[],
  query: Partial<Parameters<Threads["get"]>[1]> = {},
  thread = THREAD,
): Promise<boolean[]> {
  const found = await threads.get(thread, { ...newest, ...query });
  return texts.map((text) => found?.chunks.has(chunk(text).hash) ?? false);
}

export function checkpoint(id: string, more: Partial<Checkpoint> = {}): Checkpoint {
  return { namespace: "", id, value: bytes(`value of ${id}`), chunks: [], ...more };
}

/** Puts a checkpoint with the chunks of these texts. */
export function put(
  threads: Threads,
  id: string,
  more: {
    texts?: readonly string[];
    now?: number;
    expiresAt?: number;
    namespace?: string;
    thread?: ThreadRef;
  } = {},
): Promise<void> {
  const { texts = [], now = START, expiresAt, namespace = "", thread = THREAD } = more;
  const chunks = texts.map(chunk);
  const hashes = chunks.map(({ hash }) => hash);
  const step = { checkpoint: checkpoint(id, { namespace, chunks: hashes }), chunks, now };
  return threads.put(thread, expiresAt === undefined ? step : { ...step, expiresAt });
}

/** Queries at the time of the puts: the newest checkpoint, all of a thread, all threads of the owner. */
export const newest = { namespace: "", now: START };
export const listAll = { limit: 100, now: START };
export const mine = { tenantId: "tenant-1", owner: "user:ada", limit: 100, now: START } as const;

/** Ids of the checkpoints listed. */
export async function ids(
  threads: Threads,
  query: Partial<Parameters<Threads["list"]>[1]> = {},
  thread = THREAD,
) {
  const page = await threads.list(thread, { ...listAll, ...query });
  return page.items.map(({ checkpoint: { id } }) => id);
}

export const write = (taskId: string, index: number, text: string): PendingWrite => ({
  taskId,
  index,
  value: bytes(text),
  chunks: [],
});

/** A step of writes to checkpoint "1" that brings no chunks. */
export const writesStep = (
  writes: readonly PendingWrite[],
  more: { readonly namespace?: string; readonly checkpointId?: string; readonly now?: number } = {},
) => ({ namespace: "", checkpointId: "1", now: START, chunks: [], writes, ...more });
