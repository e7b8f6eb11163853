import type { TaskState } from "@memcube/core";

import type { Context } from "../../context.ts";
import { PHASE } from "./phase.ts";

const STATES: Readonly<Record<number, Exclude<TaskState, "finished">>> = {
  [PHASE.ready]: "waiting",
  [PHASE.delayed]: "waiting",
  [PHASE.leased]: "leased",
  [PHASE.lapsed]: "leased",
  [PHASE.dead]: "dead",
};

/** `TaskQueue.states` */
export function taskStates(
  { db }: Context,
  { tenantId, keys }: { readonly tenantId: string; readonly keys: readonly string[] },
): TaskState[] {
  return keys.map((key) => {
    const find = "SELECT phase FROM task WHERE tenant = ? AND task_key = ?";
    const row = db.get<{ phase: number }>(find, tenantId, key);
    return (row && STATES[row.phase]) ?? "finished";
  });
}

/** `TaskQueue.stats`; of every tenant when none is named. */
export function queueStats(
  { db }: Context,
  tenantId: string | undefined,
): { waiting: number; leased: number; dead: number } {
  const select = "SELECT phase, count(*) AS count FROM task";
  const rows =
    tenantId === undefined
      ? db.all<{ phase: number; count: number }>(`${select} GROUP BY phase`)
      : db.all<{ phase: number; count: number }>(
          `${select} WHERE tenant = ? GROUP BY phase`,
          tenantId,
        );
  const counts = { waiting: 0, leased: 0, dead: 0 };
  for (const { phase, count } of rows) counts[STATES[phase] ?? "dead"] += count;
  return counts;
}

/** `TaskQueue.nextDue` */
export function nextDue({ db }: Context, types: readonly string[]): number | undefined {
  const first = "SELECT due_at FROM task WHERE phase < 4 AND type = ? ORDER BY due_at LIMIT 1";
  const due = [...new Set(types)].flatMap((type) => {
    const row = db.get<{ due_at: number }>(first, type);
    return row === undefined ? [] : [row.due_at];
  });
  return due.length === 0 ? undefined : Math.min(...due);
}
