import type { Page, Principal, ThreadRecord } from "@memcube/core";

import type { Context } from "../../context.ts";
import { pageOf, readCursor, writeCursor } from "../../cursor.ts";

interface ThreadsInput {
  readonly tenantId: string;
  readonly owner: Principal;
  readonly limit: number;
  readonly cursor?: string;
  readonly now: number;
}

interface RecordRow {
  readonly id: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly expires_at: number | null;
  readonly checkpoints: number;
}

/** `Threads.threads`: last used first, then by id. */
export function listThreads({ db }: Context, input: ThreadsInput): Page<ThreadRecord> {
  const { tenantId, owner, limit, cursor, now } = input;
  const [usedAt, id] =
    cursor === undefined ? [Number.MAX_SAFE_INTEGER, ""] : readCursor(cursor, "number", "string");
  const rows = db.all<RecordRow>(
    `SELECT id, created_at, updated_at, expires_at,
       (SELECT count(*) FROM checkpoint WHERE checkpoint.thread = thread.key) AS checkpoints
     FROM thread WHERE tenant = ? AND owner = ? AND (expires_at IS NULL OR expires_at > ?)
       AND (updated_at < ? OR (updated_at = ? AND id > ?))
     ORDER BY updated_at DESC, id LIMIT ?`,
    tenantId,
    owner,
    now,
    usedAt,
    usedAt,
    id,
    limit + 1,
  );
  return pageOf(rows, limit, {
    item: (row) => threadRecord(owner, row),
    cursor: (row) => writeCursor(row.updated_at, row.id),
  });
}

function threadRecord(owner: Principal, row: RecordRow): ThreadRecord {
  const { id: threadId, created_at: createdAt, updated_at: updatedAt, checkpoints } = row;
  const record = { threadId, owner, createdAt, updatedAt, checkpoints };
  return row.expires_at === null ? record : { ...record, expiresAt: row.expires_at };
}
