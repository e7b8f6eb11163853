import type { ThreadRef } from "@memcube/core";

import type { Connection } from "../../connection.ts";
import type { Context } from "../../context.ts";
import { compactId } from "./compact-id.ts";
import { removeThread } from "./remove-thread.ts";
import { findThread } from "./thread-row.ts";
import { neededChunks } from "./needed-chunks.ts";
import { splitHashes } from "./hash-list.ts";

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
    db.run(
      "DELETE FROM checkpoint WHERE thread = ? AND namespace = ? AND id = ?",
      key,
      namespace,
      id,
    );
    const writes =
      "DELETE FROM pending_write WHERE thread = ? AND namespace = ? AND checkpoint = ?";
    db.run(writes, key, namespace, compactId(id));
  }
  removeUnneededChunks(db, key);
}

/** Removes chunks that no checkpoint and no write of the thread needs. */
export function removeUnneededChunks(db: Connection, thread: number): void {
  const roots = ["checkpoint", "pending_write"].flatMap((table) =>
    db.all<{ chunks: string }>(
      `SELECT DISTINCT chunks FROM ${table} WHERE thread = ? AND chunks <> ''`,
      thread,
    ),
  );
  const needed = neededChunks(
    db,
    thread,
    roots.flatMap(({ chunks }) => splitHashes(chunks)),
    "0",
  );
  const stored = db.all<{ key: number; hash: string }>(
    "SELECT key, hash FROM chunk WHERE thread = ?",
    thread,
  );
  for (const { key, hash } of stored) {
    if (!needed.has(hash)) db.run("DELETE FROM chunk WHERE key = ?", key);
  }
}

/** One step of `Threads.sweep`: removes some expired threads; how many. */
export function sweepThreads({ db }: Context, now: number): number {
  const expired = "SELECT key FROM thread WHERE expires_at <= ? LIMIT ?";
  const rows = db.all<{ key: number }>(expired, now, SWEPT);
  for (const { key } of rows) removeThread(db, key);
  return rows.length;
}
