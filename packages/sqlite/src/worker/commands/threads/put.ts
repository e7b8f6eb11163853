import type { Checkpoint, ThreadChunk, ThreadRef } from "@memcube/core";

import type { Connection } from "../../connection.ts";
import type { Context } from "../../context.ts";
import { compactHashes, compactId } from "./compact.ts";
import { removeUnneededChunks } from "./delete.ts";
import { checkChunks, putChunks } from "./put-chunks.ts";
import { hasExpiredThread, touchThread } from "./thread-row.ts";

interface PutInput {
  readonly thread: ThreadRef;
  readonly checkpoint: Checkpoint;
  readonly chunks: readonly ThreadChunk[];
  readonly now: number;
  readonly expiresAt?: number;
}

/** `Threads.put` */
export function putCheckpoint({ db }: Context, input: PutInput): void {
  const { thread, replaced } = store(db, input);
  // State that is replaced under one id again and again must not pile up.
  if (replaced) removeUnneededChunks(db, thread);
}

/** Stores a checkpoint where nothing is to be cleared away, which takes long; whether it was so. */
export function putIfNew(db: Connection, input: PutInput): boolean {
  return !hasExpiredThread(db, input.thread, input.now) && !store(db, input).replaced;
}

function store(
  db: Connection,
  input: PutInput,
): { readonly thread: number; readonly replaced: boolean } {
  const { namespace, id, parentId, value, chunks } = input.checkpoint;
  checkChunks(db, input, chunks);
  const thread = touchThread(db, input.thread, input);
  putChunks(db, thread, input.chunks);
  const replaced = db.get(
    "SELECT 1 FROM checkpoint WHERE thread = ? AND namespace = ? AND id = ?",
    thread,
    namespace,
    id,
  );
  // Node before 22.16 binds bytes of length 0 as NULL.
  db.run(
    `INSERT OR REPLACE INTO checkpoint (thread, namespace, id, parent, chunks, value)
     VALUES (?, ?, ?, ?, coalesce(?, x''), coalesce(?, x''))`,
    thread,
    namespace,
    id,
    parentId === undefined ? null : compactId(parentId),
    compactHashes(chunks),
    value,
  );
  return { thread, replaced: replaced !== undefined };
}
