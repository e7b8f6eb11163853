import { MemCubeError } from "../errors.ts";
import type { Checkpoint, PendingWrite, ThreadRecord, ThreadRef, Threads } from "../ports/index.ts";
import type { DirectPort } from "./direct-port.ts";
import type { MemoryData, ThreadRow } from "./memory-data.ts";
import { compareText, pageOf } from "./page-of.ts";

/** The threads port on a map of threads. An expired thread is not there: a put begins it anew. */
export function memoryThreads({ threads }: MemoryData): DirectPort<Threads> {
  const find = (ref: ThreadRef, now: number) => {
    const thread = threads.get(threadKey(ref));
    return thread !== undefined && !hasExpired(thread, now) ? thread : undefined;
  };
  const touch = (ref: ThreadRef, now: number) => {
    const thread = find(ref, now) ?? newThread(ref, now);
    threads.set(threadKey(ref), thread);
    thread.updatedAt = Math.max(thread.updatedAt, now);
    return thread;
  };
  return {
    put: (ref, { checkpoint, chunks, now, expiresAt }) => {
      const given = new Map(chunks.map(({ hash, bytes }) => [hash, bytes]));
      const stored = find(ref, now)?.chunks;
      if (checkpoint.chunks.some((hash) => !given.has(hash) && stored?.has(hash) !== true)) {
        throw new MemCubeError("MEMCUBE_INVALID_INPUT", "A chunk of the checkpoint is missing.");
      }
      const thread = touch(ref, now);
      for (const [hash, bytes] of given) thread.chunks.set(hash, bytes);
      thread.checkpoints.set(checkpointKey(checkpoint), checkpoint);
      if (expiresAt !== undefined) thread.expiresAt = expiresAt;
    },
    putWrites: (ref, { namespace, checkpointId, writes, now }) => {
      const all = touch(ref, now).writes;
      const key = checkpointKey({ namespace, id: checkpointId });
      const kept = (all.get(key) ?? []).filter(
        (old) => !writes.some((write) => isSame(old, write)),
      );
      all.set(key, [...kept, ...writes]);
    },
    get: (ref, { namespace, id, now }) => {
      const thread = find(ref, now);
      const checkpoint =
        thread && checkpointsOf(thread, namespace).find((one) => one.id === (id ?? one.id));
      const writes = checkpoint && thread?.writes.get(checkpointKey(checkpoint));
      return checkpoint && { checkpoint, writes: writes ?? [] };
    },
    chunks: (ref, hashes) => hashes.map((hash) => threads.get(threadKey(ref))?.chunks.get(hash)),
    list: (ref, query) => {
      const thread = find(ref, query.now);
      const all = thread === undefined ? [] : checkpointsOf(thread, query.namespace);
      const { before } = query;
      const older = all.filter(({ id }) => before === undefined || compareText(id, before) < 0);
      return pageOf(older, query, {
        keyOf: ({ id, namespace }) => ({ id, namespace }),
        isAfter: (one, last: Pick<Checkpoint, "id" | "namespace">) => newestFirst(one, last) > 0,
        itemOf: (checkpoint) => checkpoint,
      });
    },
    threads: (query) => {
      const rows = [...threads.values()]
        .filter(({ ref }) => ref.tenantId === query.tenantId && ref.owner === query.owner)
        .filter((thread) => !hasExpired(thread, query.now))
        .map(threadRecord)
        .sort(lastUsedFirst);
      return pageOf(rows, query, {
        keyOf: ({ threadId, updatedAt }) => ({ threadId, updatedAt }),
        isAfter: (row, last: Pick<ThreadRecord, "threadId" | "updatedAt">) =>
          lastUsedFirst(row, last) > 0,
        itemOf: (row) => row,
      });
    },
    delete: (ref) => threads.delete(threadKey(ref)),
    deleteCheckpoints: (ref, checkpoints) => {
      const thread = threads.get(threadKey(ref));
      if (thread !== undefined) removeCheckpoints(thread, checkpoints.map(checkpointKey));
    },
    sweep: (now) => {
      const expired = [...threads].filter(([, thread]) => hasExpired(thread, now));
      for (const [key] of expired) threads.delete(key);
      return expired.length;
    },
  };
}

function removeCheckpoints(thread: ThreadRow, keys: readonly string[]): void {
  for (const key of keys) {
    thread.checkpoints.delete(key);
    thread.writes.delete(key);
  }
  const needed = new Set([...thread.checkpoints.values()].flatMap(({ chunks }) => chunks));
  for (const hash of thread.chunks.keys()) if (!needed.has(hash)) thread.chunks.delete(hash);
}

function newThread(ref: ThreadRef, now: number): ThreadRow {
  const kept = { checkpoints: new Map(), writes: new Map(), chunks: new Map() };
  return { ref, createdAt: now, updatedAt: now, ...kept };
}

function hasExpired({ expiresAt }: ThreadRow, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}

function checkpointsOf(thread: ThreadRow, namespace?: string): Checkpoint[] {
  return [...thread.checkpoints.values()]
    .filter((one) => namespace === undefined || one.namespace === namespace)
    .sort(newestFirst);
}

type Place = Pick<Checkpoint, "id" | "namespace">;

function newestFirst(a: Place, b: Place): number {
  return compareText(b.id, a.id) || compareText(a.namespace, b.namespace);
}

type Use = Pick<ThreadRecord, "threadId" | "updatedAt">;

function lastUsedFirst(a: Use, b: Use): number {
  return b.updatedAt - a.updatedAt || compareText(a.threadId, b.threadId);
}

function isSame(a: PendingWrite, b: PendingWrite): boolean {
  return a.taskId === b.taskId && a.index === b.index;
}

function threadRecord(thread: ThreadRow): ThreadRecord {
  const { ref, createdAt, updatedAt, expiresAt, checkpoints } = thread;
  const { threadId, owner } = ref;
  const record = { threadId, owner, createdAt, updatedAt, checkpoints: checkpoints.size };
  return expiresAt === undefined ? record : { ...record, expiresAt };
}

function threadKey({ tenantId, owner, threadId }: ThreadRef): string {
  return JSON.stringify([tenantId, owner, threadId]);
}

function checkpointKey({ namespace, id }: Pick<Checkpoint, "namespace" | "id">): string {
  return JSON.stringify([namespace, id]);
}
