import type { ThreadRef } from "@memcube/core";

import type { Connection } from "../../connection.ts";
import type { Context } from "../../context.ts";
import { compactId } from "./compact.ts";
import { namedBy, type WritesStep } from "./logged-step.ts";
import { packedWrites } from "./packed-step.ts";
import { packWrites, type TaskWrite, unpackWrites } from "./packed-writes.ts";
import { checkChunks, putChunks } from "./put-chunks.ts";
import { keyOf, threadRow, touchThread } from "./thread-row.ts";

export interface WritesInput extends WritesStep {
  readonly thread: ThreadRef;
}

/** `Threads.putWrites` */
export function putWrites({ db }: Context, input: WritesInput): void {
  const row = threadRow(db, input.thread);
  checkChunks(db, keyOf(row, input.now), input.chunks, namedBy(input));
  writeWrites(db, touchThread(db, row, input), packedWrites(input));
}

/** Writes packed writes with their chunks. */
export function writeWrites(db: Connection, thread: number, step: WritesStep): void {
  putChunks(db, thread, step.chunks);
  const checkpoint = compactId(step.checkpointId);
  for (const [taskId, writes] of Map.groupBy(step.writes, (write) => write.taskId)) {
    const place = [thread, step.namespace, checkpoint, compactId(taskId)] as const;
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
