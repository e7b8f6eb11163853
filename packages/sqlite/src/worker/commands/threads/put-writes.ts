import type { PendingWrite, ThreadChunk, ThreadRef } from "@memcube/core";

import type { Context } from "../../context.ts";
import { compactId } from "./compact-id.ts";
import { joinHashes } from "./hash-list.ts";
import { checkChunks, putChunks } from "./put-chunks.ts";
import { touchThread } from "./thread-row.ts";

interface WritesInput {
  readonly thread: ThreadRef;
  readonly namespace: string;
  readonly checkpointId: string;
  readonly writes: readonly PendingWrite[];
  readonly chunks: readonly ThreadChunk[];
  readonly now: number;
  readonly expiresAt?: number;
}

/** `Threads.putWrites` */
export function putWrites({ db }: Context, input: WritesInput): void {
  const roots = input.writes.flatMap(({ chunks }) => chunks);
  checkChunks(db, input, roots);
  const thread = touchThread(db, input.thread, input);
  putChunks(db, thread, input.chunks);
  const checkpoint = compactId(input.checkpointId);
  for (const { taskId, index, taskPath = null, chunks, value } of input.writes) {
    const conflict = index < 0 ? "REPLACE" : "IGNORE";
    // Node before 22.16 binds bytes of length 0 as NULL.
    db.run(
      `INSERT OR ${conflict} INTO pending_write
        (thread, namespace, checkpoint, task, place, task_path, chunks, value)
       VALUES (?, ?, ?, ?, ?, ?, ?, coalesce(?, x''))`,
      thread,
      input.namespace,
      checkpoint,
      compactId(taskId),
      index,
      taskPath,
      joinHashes(chunks),
      value,
    );
  }
}
