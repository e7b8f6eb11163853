import type { ThreadRef } from "@memcube/core";

import type { Connection } from "../../connection.ts";
import type { Context } from "../../context.ts";
import { compactHashes, compactId } from "./compact.ts";
import { removeUnneededChunks } from "./delete.ts";
import type { PutStep } from "./logged-step.ts";
import { packedPut } from "./packed-step.ts";
import { checkChunks, putChunks } from "./put-chunks.ts";
import { keyOf, threadRow, touchThread } from "./thread-row.ts";

export interface PutInput extends PutStep {
  readonly thread: ThreadRef;
}

/** `Threads.put` */
export function putCheckpoint({ db }: Context, input: PutInput): void {
  const row = threadRow(db, input.thread);
  checkChunks(db, keyOf(row, input.now), input.chunks, input.checkpoint.chunks);
  const thread = touchThread(db, row, input);
  // State that is replaced under one id again and again must not pile up.
  if (writeCheckpoint(db, thread, packedPut(input))) removeUnneededChunks(db, thread);
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
