import type { ThreadRef } from "@memcube/core";

import type { Connection } from "../../connection.ts";
import type { Context } from "../../context.ts";
import { type Compact, compactId, fullHashes } from "./compact.ts";
import { removeThread } from "./remove-thread.ts";
import { findThread } from "./thread-row.ts";
import { neededChunks } from "./needed-chunks.ts";
import { unpackWrites } from "./packed-writes.ts";

/** Threads removed by one step of a sweep: keeps its transaction short. */
const SWEPT = 16;

/** `Threads.delete`: nothing of it is left in the files. */
export function deleteThread(context: Context, ref: ThreadRef): boolean {
  const key = findThread(context.db, ref);
  if (key === undefined) return false;
  removeThread(context.db, key);
  context.erased();
  return true;
}

export interface DeleteInput {
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
  const checkpoints = db.all<{ chunks: Compact }>(
    "SELECT DISTINCT chunks FROM checkpoint WHERE thread = ? AND length(chunks) > 0",
    thread,
  );
  const tasks = db.all<{ writes: Uint8Array }>(
    "SELECT writes FROM pending_write WHERE thread = ?",
    thread,
  );
  const roots = [
    ...checkpoints.flatMap(({ chunks }) => fullHashes(chunks)),
    ...tasks.flatMap(({ writes }) => unpackWrites(writes).flatMap(({ chunks }) => chunks)),
  ];
  const needed = neededChunks(db, thread, roots, "key");
  db.run("UPDATE thread SET generation = generation + 1 WHERE key = ?", thread);
  const stored = db.all<{ key: number; hash: Compact }>(
    "SELECT key, hash FROM chunk WHERE thread = ?",
    thread,
  );
  for (const { key, hash } of stored) {
    const [name = ""] = fullHashes(hash);
    if (!needed.has(name)) db.run("DELETE FROM chunk WHERE key = ?", key);
  }
}

/** One step of `Threads.sweep`: removes some expired threads; how many. */
export function sweepThreads({ db }: Context, now: number): number {
  const expired = "SELECT key FROM thread WHERE expires_at <= ? LIMIT ?";
  const rows = db.all<{ key: number }>(expired, now, SWEPT);
  for (const { key } of rows) removeThread(db, key);
  return rows.length;
}
