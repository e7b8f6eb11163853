import type { PendingWrite, ThreadChunk, ThreadRef } from "@memcube/core";

import type { Connection } from "../../connection.ts";
import type { Context } from "../../context.ts";
import { compactId } from "./compact.ts";
import { packWrites, type TaskWrite, unpackWrites } from "./packed-writes.ts";
import { checkChunks, putChunks } from "./put-chunks.ts";
import { hasExpired, keyOf, type ThreadRow, threadRow, touchThread } from "./thread-row.ts";

interface WritesInput {
  readonly thread: ThreadRef;
  readonly namespace: string;
  readonly checkpointId: string;
  readonly writes: readonly PendingWrite[];
  readonly chunks: readonly ThreadChunk[];
  readonly now: number;
  readonly expiresAt?: number;
}

/** `Threads.putWrites` */
export function putWrites({ db }: Context, input: WritesInput): void {
  store(db, threadRow(db, input.thread), input);
}

/** Stores writes where no expired thread is to be cleared away first; whether it was so. */
export function putWritesInto(db: Connection, input: WritesInput): boolean {
  const row = threadRow(db, input.thread);
  if (row !== undefined && hasExpired(row, input.now)) return false;
  store(db, row, input);
  return true;
}

function store(db: Connection, row: ThreadRow | undefined, input: WritesInput): void {
  const roots = input.writes.flatMap(({ chunks }) => chunks);
  checkChunks(db, keyOf(row, input.now), input.chunks, roots);
  const thread = touchThread(db, row, input);
  putChunks(db, thread, input.chunks);
  const checkpoint = compactId(input.checkpointId);
  for (const [taskId, writes] of Map.groupBy(input.writes, (write) => write.taskId)) {
    const place = [thread, input.namespace, checkpoint, compactId(taskId)] as const;
    const stored = db.get<{ writes: Uint8Array }>(FIND, ...place);
    const merged = mergeWrites(stored === undefined ? [] : unpackWrites(stored.writes), writes);
    db.run(PUT, ...place, writes[0]?.taskPath ?? null, packWrites(merged));
  }
}

const FIND = `SELECT writes FROM pending_write
  WHERE thread = ? AND namespace = ? AND checkpoint = ? AND task = ?`;
const PUT = `INSERT INTO pending_write (thread, namespace, checkpoint, task, task_path, writes)
  VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET writes = excluded.writes`;

/** Of one index the first stays; below zero, the last. */
function mergeWrites(stored: readonly TaskWrite[], given: readonly TaskWrite[]): TaskWrite[] {
  const merged = new Map(stored.map((write) => [write.index, write]));
  for (const write of given) {
    if (write.index < 0 || !merged.has(write.index)) merged.set(write.index, write);
  }
  return [...merged.values()];
}
