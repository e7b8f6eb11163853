import type { NewTask } from "@memcube/core";

import type { Context } from "../../context.ts";
import { PHASE } from "./phase.ts";

/** `TaskQueue.enqueue`; also the last step of a commit that carries tasks. */
export function enqueueTasks(
  { db, limits }: Context,
  { tasks, now }: { readonly tasks: readonly NewTask[]; readonly now: number },
): void {
  for (const task of tasks) {
    const { notBefore = now, priority = 0, maxAttempts = limits.taskAttempts } = task;
    db.run(
      `INSERT INTO task (tenant, task_key, cube, type, payload, priority, max_attempts, phase, due_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
      task.tenantId,
      task.key,
      task.cubeId,
      task.type,
      JSON.stringify(task.payload),
      priority,
      maxAttempts,
      PHASE.delayed,
      notBefore,
    );
  }
}
