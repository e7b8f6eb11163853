import type { Checkpoint, ThreadChunk, ThreadRef } from "@memcube/core";

import type { Context } from "../../context.ts";
import { compactHashes, compactId } from "./compact.ts";
import { removeUnneededChunks } from "./delete.ts";
import { checkChunks, putChunks } from "./put-chunks.ts";
import { touchThread } from "./thread-row.ts";

interface PutInput {
  readonly thread: ThreadRef;
  readonly checkpoint: Checkpoint;
  readonly chunks: readonly ThreadChunk[];
  readonly now: number;
  readonly expiresAt?: number;
}

/** `Threads.put` */
export function putCheckpoint({ db }: Context, input: PutInput): void {
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
  // State that is replaced under one id again and again must not pile up.
  if (replaced !== undefined) removeUnneededChunks(db, thread);
}
