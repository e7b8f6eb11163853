import type { ThreadRef } from "@memcube/core";

import type { Connection } from "../../connection.ts";
import { removeThread } from "./remove-thread.ts";

interface ThreadRow {
  readonly key: number;
  readonly expires_at: number | null;
}

/** Key of a thread; `undefined` when there is none, or it has expired by `now`. */
export function findThread(db: Connection, ref: ThreadRef, now?: number): number | undefined {
  const row = rowOf(db, ref);
  return row === undefined || hasExpired(row, now) ? undefined : row.key;
}

/** Whether a thread is still stored though it has expired. */
export function hasExpiredThread(db: Connection, ref: ThreadRef, now: number): boolean {
  const row = rowOf(db, ref);
  return row !== undefined && hasExpired(row, now);
}

/** Key of the thread that is written to, new when there is none; one that expired begins anew. */
export function touchThread(
  db: Connection,
  ref: ThreadRef,
  { now, expiresAt = null }: { readonly now: number; readonly expiresAt?: number | null },
): number {
  const found = rowOf(db, ref);
  if (found !== undefined && !hasExpired(found, now)) {
    const update = `UPDATE thread SET updated_at = max(updated_at, ?),
      expires_at = coalesce(?, expires_at) WHERE key = ?`;
    db.run(update, now, expiresAt, found.key);
    return found.key;
  }
  if (found !== undefined) removeThread(db, found.key);
  const { tenantId, owner, threadId } = ref;
  const inserted = db.get<{ key: number }>(
    `INSERT INTO thread (tenant, owner, id, created_at, updated_at, expires_at)
     VALUES (?, ?, ?, ?, ?, ?) RETURNING key`,
    tenantId,
    owner,
    threadId,
    now,
    now,
    expiresAt,
  );
  if (inserted === undefined) throw new TypeError("an inserted thread was not returned");
  return inserted.key;
}

function rowOf(db: Connection, { tenantId, owner, threadId }: ThreadRef): ThreadRow | undefined {
  const find = "SELECT key, expires_at FROM thread WHERE tenant = ? AND owner = ? AND id = ?";
  return db.get<ThreadRow>(find, tenantId, owner, threadId);
}

function hasExpired(row: ThreadRow, now: number | undefined): boolean {
  return now !== undefined && row.expires_at !== null && row.expires_at <= now;
}
