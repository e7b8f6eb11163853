import type { ThreadRef } from "@memcube/core";

import type { Connection } from "../../connection.ts";
import { removeThread } from "./remove-thread.ts";

export interface ThreadRow {
  readonly key: number;
  /** Rises when chunks are removed. */
  readonly generation: number;
  readonly expires_at: number | null;
}

/** Key of a thread; `undefined` when there is none, or it has expired by `now`. */
export function findThread(db: Connection, ref: ThreadRef, now?: number): number | undefined {
  return keyOf(threadRow(db, ref), now);
}

/** Key of a thread's row, like {@link findThread}. */
export function keyOf(row: ThreadRow | undefined, now?: number): number | undefined {
  return row === undefined || hasExpired(row, now) ? undefined : row.key;
}

/**
 * Key of the thread that is written to, new when there is none; one that expired begins anew.
 * @param found its row as it is stored
 */
export function touchThread(
  db: Connection,
  found: ThreadRow | undefined,
  { thread, now, expiresAt = null }: Touch,
): number {
  if (found !== undefined && !hasExpired(found, now)) {
    const update = `UPDATE thread SET updated_at = max(updated_at, ?),
      expires_at = coalesce(?, expires_at) WHERE key = ?`;
    db.run(update, now, expiresAt, found.key);
    return found.key;
  }
  if (found !== undefined) removeThread(db, found.key);
  const { tenantId, owner, threadId } = thread;
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

interface Touch {
  readonly thread: ThreadRef;
  readonly now: number;
  readonly expiresAt?: number | null;
}

/** A thread's row, expired or not. */
export function threadRow(
  db: Connection,
  { tenantId, owner, threadId }: ThreadRef,
): ThreadRow | undefined {
  const find =
    "SELECT key, generation, expires_at FROM thread WHERE tenant = ? AND owner = ? AND id = ?";
  return db.get<ThreadRow>(find, tenantId, owner, threadId);
}

export function hasExpired(row: ThreadRow, now: number | undefined): boolean {
  return now !== undefined && row.expires_at !== null && row.expires_at <= now;
}
