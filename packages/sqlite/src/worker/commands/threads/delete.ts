import type { ThreadRef } from "@memcube/core";

import type { Connection } from "../../connection.ts";
import type { Context } from "../../context.ts";
import { removeThread } from "./remove-thread.ts";
import { findThread } from "./thread-row.ts";

/** Threads removed by one step of a sweep: keeps its transaction short. */
const SWEPT = 16;

/** `Threads.delete` */
export function deleteThread({ db }: Context, ref: ThreadRef): boolean {
  const key = findThread(db, ref);
  if (key === undefined) return false;
  removeThread(db, key);
  return true;
}

interface DeleteInput {
  readonly thread: ThreadRef;
  readonly checkpoints: readonly { readonly namespace: string; readonly id: string }[];
}

/** `Threads.deleteCheckpoints` */
export function deleteCheckpoints({ db }: Context, { thread, checkpoints }: DeleteInput): void {
  const key = findThread(db, thread);
  if (key === undefined) return;
  for (const { namespace, id } of checkpoints) {
    const place = [key, namespace, id] as const;
    db.run(
      `DELETE FROM chunk_use WHERE checkpoint =
        (SELECT key FROM checkpoint WHERE thread = ? AND namespace = ? AND id = ?)`,
      ...place,
    );
    db.run("DELETE FROM checkpoint WHERE thread = ? AND namespace = ? AND id = ?", ...place);
    const writes =
      "DELETE FROM pending_write WHERE thread = ? AND namespace = ? AND checkpoint = ?";
    db.run(writes, ...place);
  }
  removeUnusedChunks(db, key);
}

/** Removes chunks that no checkpoint of the thread needs. */
export function removeUnusedChunks(db: Connection, thread: number): void {
  db.run(
    `DELETE FROM chunk WHERE key IN (SELECT key FROM chunk WHERE thread = ?
      AND NOT EXISTS (SELECT 1 FROM chunk_use WHERE chunk_use.chunk = chunk.key))`,
    thread,
  );
}

/** One step of `Threads.sweep`: removes some expired threads; how many. */
export function sweepThreads({ db }: Context, now: number): number {
  const expired = "SELECT key FROM thread WHERE expires_at <= ? LIMIT ?";
  const rows = db.all<{ key: number }>(expired, now, SWEPT);
  for (const { key } of rows) removeThread(db, key);
  return rows.length;
}
