import type { DeadLetter } from "@memcube/core";

import type { Context } from "../../context.ts";
import { pageOf, readCursor, writeCursor } from "../../cursor.ts";
import { keyOf } from "./finish.ts";
import { PHASE } from "./phase.ts";

/** A dead letter whose payload is still JSON. */
export type DeadText = Omit<DeadLetter, "payload"> & { readonly payload: string };

interface DeadRow {
  readonly key: number;
  readonly task_key: string;
  readonly tenant: string;
  readonly cube: string;
  readonly type: string;
  readonly payload: string;
  readonly attempt: number;
  readonly error: string | null;
  readonly died_at: number | null;
}

/** `TaskQueue.deadLetters`, oldest task first. */
export function deadLetters(
  { db }: Context,
  query: { readonly tenantId: string; readonly limit: number; readonly cursor?: string },
): { readonly items: DeadText[]; readonly cursor?: string } {
  const { tenantId, limit, cursor } = query;
  const [after] = cursor === undefined ? [0] : readCursor(cursor, "number");
  const rows = db.all<DeadRow>(
    `SELECT key, task_key, tenant, cube, type, payload, attempt, error, died_at FROM task
     WHERE phase = 4 AND tenant = ? AND key > ? ORDER BY key LIMIT ?`,
    tenantId,
    after,
    limit + 1,
  );
  return pageOf(rows, limit, { item: deadText, cursor: ({ key }) => writeCursor(key) });
}

function deadText(row: DeadRow): DeadText {
  const { task_key: key, tenant: tenantId, cube: cubeId, type, payload, attempt: attempts } = row;
  const died = { error: row.error ?? "", at: row.died_at ?? 0 };
  return { id: String(row.key), key, tenantId, cubeId, type, payload, attempts, ...died };
}

/** `TaskQueue.redrive` */
export function redrive(
  { db }: Context,
  input: { readonly tenantId: string; readonly ids: readonly string[]; readonly now: number },
): number {
  const again = `UPDATE task SET phase = ${PHASE.delayed}, attempt = 0, due_at = ?, error = NULL,
    died_at = NULL WHERE key = ? AND tenant = ? AND phase = ${PHASE.dead}`;
  const { tenantId, ids, now } = input;
  return [...new Set(ids)].reduce((sum, id) => sum + db.run(again, now, keyOf(id), tenantId), 0);
}

/** `TaskQueue.discard` */
export function discard(
  { db }: Context,
  { tenantId, ids }: { readonly tenantId: string; readonly ids: readonly string[] },
): number {
  const remove = `DELETE FROM task WHERE key = ? AND tenant = ? AND phase = ${PHASE.dead}`;
  return [...new Set(ids)].reduce((sum, id) => sum + db.run(remove, keyOf(id), tenantId), 0);
}
