import type { Checkpoint, ThreadChunk, ThreadRef } from "@memcube/core";

import type { Connection } from "../../connection.ts";
import type { Context } from "../../context.ts";
import { Refusal } from "../../refusal.ts";
import { removeUnusedChunks } from "./delete.ts";
import { findThread, touchThread } from "./thread-row.ts";

interface PutInput {
  readonly thread: ThreadRef;
  readonly checkpoint: Checkpoint;
  readonly chunks: readonly ThreadChunk[];
  readonly now: number;
  readonly expiresAt?: number;
}

/** Bytes as a value: Node before 22.16 binds those of length 0 as NULL. */
const BYTES = "coalesce(?, x'')";

/** `Threads.put` */
export function putCheckpoint({ db }: Context, input: PutInput): void {
  checkChunks(db, input);
  const thread = touchThread(db, input.thread, input.now);
  for (const { hash, bytes } of input.chunks) {
    const insert = `INSERT INTO chunk (thread, hash, bytes) VALUES (?, ?, ${BYTES})
      ON CONFLICT DO NOTHING`;
    db.run(insert, thread, hash, bytes);
  }
  const { namespace, id, parentId = null, value, metadata, chunks } = input.checkpoint;
  const replaced = db.get<{ key: number; chunks: string }>(
    "SELECT key, chunks FROM checkpoint WHERE thread = ? AND namespace = ? AND id = ?",
    thread,
    namespace,
    id,
  );
  if (replaced !== undefined) removeCheckpoint(db, replaced.key);
  const inserted = db.get<{ key: number }>(
    `INSERT INTO checkpoint (thread, namespace, id, parent, metadata, chunks, value)
     VALUES (?, ?, ?, ?, ?, ?, ${BYTES}) RETURNING key`,
    thread,
    namespace,
    id,
    parentId,
    JSON.stringify(metadata),
    JSON.stringify(chunks),
    value,
  );
  useChunks(db, thread, inserted?.key ?? 0, chunks);
  // State that is replaced under one id again and again must not pile up.
  if (replaced !== undefined && replaced.chunks !== "[]") removeUnusedChunks(db, thread);
  if (input.expiresAt !== undefined) {
    db.run("UPDATE thread SET expires_at = ? WHERE key = ?", input.expiresAt, thread);
  }
}

function checkChunks(db: Connection, { thread, checkpoint, chunks, now }: PutInput): void {
  const given = new Set(chunks.map(({ hash }) => hash));
  const key = findThread(db, thread, now);
  const find = "SELECT 1 FROM chunk WHERE thread = ? AND hash = ?";
  const isThere = (hash: string): boolean =>
    given.has(hash) || (key !== undefined && db.get(find, key, hash) !== undefined);
  const missing = checkpoint.chunks.find((hash) => !isThere(hash));
  if (missing === undefined) return;
  const why = "A chunk of the checkpoint is neither stored nor given.";
  throw new Refusal("MEMCUBE_INVALID_INPUT", why, { hash: missing });
}

function removeCheckpoint(db: Connection, key: number): void {
  db.run("DELETE FROM chunk_use WHERE checkpoint = ?", key);
  db.run("DELETE FROM checkpoint WHERE key = ?", key);
}

function useChunks(
  db: Connection,
  thread: number,
  checkpoint: number,
  hashes: readonly string[],
): void {
  for (const hash of new Set(hashes)) {
    db.run(
      `INSERT INTO chunk_use (chunk, checkpoint)
       SELECT key, ? FROM chunk WHERE thread = ? AND hash = ?`,
      checkpoint,
      thread,
      hash,
    );
  }
}
