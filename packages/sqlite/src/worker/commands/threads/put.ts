import type { Checkpoint, ThreadChunk, ThreadRef } from "@memcube/core";

import type { Connection } from "../../connection.ts";
import type { Context } from "../../context.ts";
import { compactHashes, compactId } from "./compact.ts";
import { removeUnneededChunks } from "./delete.ts";
import { checkChunks, putChunks } from "./put-chunks.ts";
import { hasExpired, keyOf, type ThreadRow, threadRow, touchThread } from "./thread-row.ts";

interface PutInput {
  readonly thread: ThreadRef;
  readonly checkpoint: Checkpoint;
  readonly chunks: readonly ThreadChunk[];
  readonly now: number;
  readonly expiresAt?: number;
}

/** `Threads.put` */
export function putCheckpoint({ db }: Context, input: PutInput): void {
  const { thread, replaced } = store(db, threadRow(db, input.thread), input);
  // State that is replaced under one id again and again must not pile up.
  if (replaced) removeUnneededChunks(db, thread);
}

/** Stores a checkpoint where nothing is to be cleared away, which takes long; whether it was so. */
export function putIfNew(db: Connection, input: PutInput): boolean {
  const row = threadRow(db, input.thread);
  return (row === undefined || !hasExpired(row, input.now)) && !store(db, row, input).replaced;
}

function store(
  db: Connection,
  row: ThreadRow | undefined,
  input: PutInput,
): { readonly thread: number; readonly replaced: boolean } {
  const { namespace, id, parentId, value, chunks } = input.checkpoint;
  checkChunks(db, keyOf(row, input.now), input.chunks, chunks);
  const thread = touchThread(db, row, input);
  putChunks(db, thread, input.chunks);
  const columns = [
    thread,
    namespace,
    id,
    parentId === undefined ? null : compactId(parentId),
    compactHashes(chunks),
    value,
  ] as const;
  const replaced = db.run(`INSERT ${INTO} ON CONFLICT DO NOTHING`, ...columns) === 0;
  if (replaced) db.run(`REPLACE ${INTO}`, ...columns);
  return { thread, replaced };
}

// Node before 22.16 binds bytes of length 0 as NULL.
const INTO = `INTO checkpoint (thread, namespace, id, parent, chunks, value)
  VALUES (?, ?, ?, ?, coalesce(?, x''), coalesce(?, x''))`;
