import { MemCubeError } from "../errors.ts";
import type { Page } from "../flow/index.ts";
import type {
  Checkpoint,
  PendingWrite,
  StoredCheckpoint,
  ThreadChunk,
  ThreadRecord,
  ThreadRef,
  Threads,
} from "../ports/index.ts";
import type { DirectPort } from "./direct-port.ts";
import type { MemoryData, ThreadRow } from "./memory-data.ts";
import { compareText, pageOf } from "./page-of.ts";

/** The threads port on a map of threads. An expired thread is not there: a put begins it anew. */
export function memoryThreads({ threads }: MemoryData): DirectPort<Threads> {
  const find = (ref: ThreadRef, now: number) => {
    const thread = threads.get(threadKey(ref));
    return thread !== undefined && !hasExpired(thread, now) ? thread : undefined;
  };
  const touch = (ref: ThreadRef, step: Step, roots: readonly { chunks: readonly string[] }[]) => {
    checkChunks(find(ref, step.now), step.chunks, roots);
    const thread = find(ref, step.now) ?? newThread(ref, step.now);
    threads.set(threadKey(ref), thread);
    thread.updatedAt = Math.max(thread.updatedAt, step.now);
    if (step.expiresAt !== undefined) thread.expiresAt = step.expiresAt;
    for (const chunk of step.chunks) thread.chunks.set(chunk.hash, chunk);
    return thread;
  };
  return {
    put: (ref, { checkpoint, ...step }) => {
      const thread = touch(ref, step, [checkpoint]);
      const key = checkpointKey(checkpoint);
      const replaces = thread.checkpoints.has(key);
      thread.checkpoints.set(key, checkpoint);
      if (replaces) removeUnneeded(thread);
    },
    putWrites: (ref, { namespace, checkpointId, writes, ...step }) => {
      const all = touch(ref, step, writes).writes;
      const key = checkpointKey({ namespace, id: checkpointId });
      const rows = all.get(key) ?? [];
      for (const write of writes) addWrite(rows, write);
      all.set(key, rows);
    },
    get: (ref, { namespace, id, now, withoutChunks = false }) => {
      const thread = find(ref, now);
      if (thread === undefined) return undefined;
      const all = checkpointsOf(thread, namespace);
      const checkpoint = all.find((one) => one.id === (id ?? one.id));
      if (checkpoint === undefined) return undefined;
      const stored = withWrites(thread, checkpoint);
      return { ...stored, chunks: chunksOf(thread, withoutChunks ? [] : [stored]) };
    },
    list: (ref, query) => {
      const thread = find(ref, query.now) ?? newThread(ref, query.now);
      const { before, bare = false } = query;
      const older = checkpointsOf(thread, query.namespace).filter(
        ({ id }) => before === undefined || compareText(id, before) < 0,
      );
      const { items, ...page } = pageOf(older, query, {
        keyOf: ({ id, namespace }) => ({ id, namespace }),
        isAfter: (one, last: Pick<Checkpoint, "id" | "namespace">) => newestFirst(one, last) > 0,
        itemOf: (checkpoint) =>
          bare ? { checkpoint, writes: [] } : withWrites(thread, checkpoint),
      });
      return { ...page, items, chunks: chunksOf(thread, bare ? [] : items) };
    },
    lineage: (ref, { now, withoutChunks = false, ...query }) => {
      const thread = find(ref, now) ?? newThread(ref, now);
      const items = lineageOf(thread, query);
      return { items, chunks: chunksOf(thread, withoutChunks ? [] : items) };
    },
    threads: (query) => recordsOf(threads.values(), query),
    delete: (ref) => threads.delete(threadKey(ref)),
    deleteCheckpoints: (ref, checkpoints) => {
      const thread = threads.get(threadKey(ref));
      if (thread === undefined) return;
      for (const key of checkpoints.map(checkpointKey)) {
        thread.checkpoints.delete(key);
        thread.writes.delete(key);
      }
      removeUnneeded(thread);
    },
    sweep: (now) => {
      const expired = [...threads].filter(([, thread]) => hasExpired(thread, now));
      for (const [key] of expired) threads.delete(key);
      return expired.length;
    },
  };
}

function recordsOf(
  threads: Iterable<ThreadRow>,
  query: Parameters<Threads["threads"]>[0],
): Page<ThreadRecord> {
  const rows = [...threads]
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
}

interface Step {
  readonly chunks: readonly ThreadChunk[];
  readonly now: number;
  readonly expiresAt?: number;
}

/** @throws MemCubeError `MEMCUBE_INVALID_INPUT` */
function checkChunks(
  thread: ThreadRow | undefined,
  given: readonly ThreadChunk[],
  roots: readonly { readonly chunks: readonly string[] }[],
): void {
  const hashes = new Set(given.map(({ hash }) => hash));
  const needed = [...roots.flatMap(({ chunks }) => chunks), ...given.flatMap(({ needs }) => needs)];
  if (needed.every((hash) => hashes.has(hash) || thread?.chunks.has(hash) === true)) return;
  throw new MemCubeError("MEMCUBE_INVALID_INPUT", "A chunk is neither stored nor given.");
}

function addWrite(rows: PendingWrite[], write: PendingWrite): void {
  const at = rows.findIndex(
    ({ taskId, index }) => taskId === write.taskId && index === write.index,
  );
  if (at < 0) rows.push(write);
  else if (write.index < 0) rows[at] = write;
}

function withWrites(thread: ThreadRow, checkpoint: Checkpoint): StoredCheckpoint {
  return { checkpoint, writes: thread.writes.get(checkpointKey(checkpoint)) ?? [] };
}

/** Chunks that checkpoints and writes need, directly or not. */
function chunksOf(
  thread: ThreadRow,
  items: readonly { readonly checkpoint?: Checkpoint; readonly writes: readonly PendingWrite[] }[],
): Map<string, ThreadChunk> {
  const chunks = new Map<string, ThreadChunk>();
  const open = items.flatMap(({ checkpoint, writes }) =>
    [...(checkpoint === undefined ? [] : [checkpoint]), ...writes].flatMap((one) => one.chunks),
  );
  for (let hash = open.pop(); hash !== undefined; hash = open.pop()) {
    const chunk = chunks.has(hash) ? undefined : thread.chunks.get(hash);
    if (chunk === undefined) continue;
    chunks.set(hash, chunk);
    open.push(...chunk.needs);
  }
  return chunks;
}

function removeUnneeded(thread: ThreadRow): void {
  const checkpoints = [...thread.checkpoints.values()];
  const writes = [...thread.writes.values()].flat();
  const needed = chunksOf(thread, [
    { writes },
    ...checkpoints.map((checkpoint) => ({ checkpoint, writes: [] })),
  ]);
  for (const hash of thread.chunks.keys()) if (!needed.has(hash)) thread.chunks.delete(hash);
}

function lineageOf(
  thread: ThreadRow,
  query: { readonly namespace: string; readonly id: string; readonly limit: number },
): StoredCheckpoint[] {
  const { namespace, limit } = query;
  const items: StoredCheckpoint[] = [];
  let id: string | undefined = query.id;
  while (id !== undefined && items.length < limit) {
    const key = checkpointKey({ namespace, id });
    const checkpoint: Checkpoint | undefined = thread.checkpoints.get(key);
    if (checkpoint === undefined) break;
    items.push(withWrites(thread, checkpoint));
    id = checkpoint.parentId;
  }
  return items;
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
