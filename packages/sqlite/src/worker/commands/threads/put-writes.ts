import type { PendingWrite, ThreadRef } from "@memcube/core";

import type { Context } from "../../context.ts";
import { touchThread } from "./thread-row.ts";

interface WritesInput {
  readonly thread: ThreadRef;
  readonly namespace: string;
  readonly checkpointId: string;
  readonly writes: readonly PendingWrite[];
  readonly now: number;
}

/** `Threads.putWrites`; a write that replaces an earlier one comes last. */
export function putWrites({ db }: Context, input: WritesInput): void {
  const thread = touchThread(db, input.thread, input.now);
  const place = [thread, input.namespace, input.checkpointId] as const;
  // Node before 22.16 binds bytes of length 0 as NULL.
  for (const { taskId, index, channel, value, taskPath = null } of input.writes) {
    db.run(
      `INSERT OR REPLACE INTO pending_write
        (thread, namespace, checkpoint, task, place, channel, task_path, value)
       VALUES (?, ?, ?, ?, ?, ?, ?, coalesce(?, x''))`,
      ...place,
      taskId,
      index,
      channel,
      taskPath,
      value,
    );
  }
}
