import type { ThreadRef } from "@memcube/core";

import type { Connection } from "../../connection.ts";
import type { Context } from "../../context.ts";
import { compactHashes, compactId } from "./compact.ts";
import { removeUnneededChunks } from "./delete.ts";
import type { PutStep } from "./logged-step.ts";
import { packedPut } from "./packed-step.ts";
import { checkChunks, putChunks } from "./put-chunks.ts";
import { hasExpired, keyOf, type ThreadRow, threadRow, touchThread } from "./thread-row.ts";

export interface PutInput extends PutStep {
  readonly thread: ThreadRef;
}

/** `Threads.put` */
export function putCheckpoint({ db }: Context, input: PutInput): void {
  const { thread, replaced } = store(db, threadRow(db, input.thread), input);
  // State that is replaced under one id again and again must not pile up.
  if (replaced) removeUnneededChunks(db, thread);
}

/**
 * Stores a checkpoint in its thread, whose row this is. Only where nothing is to be cleared away, which
 * takes long: `undefined` when there was, and all is to be undone. @returns key of the thread
 */
export function putIfNew(
  db: Connection,
  row: ThreadRow | undefined,
  input: PutInput,
): number | undefined {
  if (row !== undefined && hasExpired(row, input.now)) return undefined;
  const { thread, replaced } = store(db, row, input);
  return replaced ? undefined : thread;
}

function store(
  db: Connection,
  row: ThreadRow | undefined,
  input: PutInput,
): { readonly thread: number; readonly replaced: boolean } {
  checkChunks(db, keyOf(row, input.now), input.chunks, input.checkpoint.chunks);
  const thread = touchThread(db, row, input);
  return { thread, replaced: writeCheckpoint(db, thread, packedPut(input)) };
}

/** Writes a packed checkpoint with its chunks; whether it has replaced one. */
export function writeCheckpoint(
  db: Connection,
  thread: number,
  step: Pick<PutStep, "checkpoint" | "chunks">,
): boolean {
  const { namespace, id, parentId, value, chunks } = step.checkpoint;
  putChunks(db, thread, step.chunks);
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
  return replaced;
}

// Node before 22.16 binds bytes of length 0 as NULL.
const INTO = `INTO checkpoint (thread, namespace, id, parent, chunks, value)
  VALUES (?, ?, ?, ?, coalesce(?, x''), coalesce(?, x''))`;
