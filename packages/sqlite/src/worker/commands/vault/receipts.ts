import type { CommitRequest } from "@memcube/core";

import type { Connection } from "../../connection.ts";
import { keyIn } from "../../keys.ts";
import type { Committed } from "./commit.ts";
import type { CubeRow } from "./cube-row.ts";

/** Expired receipts that one commit clears away: more than it adds, so they don't pile up. */
const CLEARED = 4;

interface ReceiptRow {
  readonly seq: number;
  readonly at: number;
  readonly head: string;
  readonly body: string | null;
}

/** The receipt of the first time, when the cube has seen the request's key. */
export function receiptSeen(
  db: Connection,
  cube: CubeRow,
  { idempotency, at }: CommitRequest,
): Committed | undefined {
  if (idempotency === undefined) return undefined;
  const row = db.get<ReceiptRow>(
    "SELECT seq, at, head, body FROM receipt WHERE cube = ? AND key = ? AND expires_at > ?",
    cube.key,
    idempotency.key,
    at,
  );
  if (row === undefined) return undefined;
  const find = "SELECT body FROM log WHERE key = ?";
  const body = row.body ?? db.get<{ body: string }>(find, keyIn(cube.key, row.seq))?.body ?? "";
  const position = { epoch: cube.epoch, seq: row.seq, head: row.head };
  return { position, at: row.at, replayed: true, body };
}

/** Remembers the commit under its key, and forgets some whose time is over. */
export function keepReceipt(
  db: Connection,
  cubeKey: number,
  { idempotency, at }: CommitRequest,
  receipt: Committed,
): void {
  if (idempotency === undefined) return;
  db.run(
    `DELETE FROM receipt WHERE cube = ? AND key IN
      (SELECT key FROM receipt WHERE cube = ? AND expires_at <= ? LIMIT ${CLEARED})`,
    cubeKey,
    cubeKey,
    at,
  );
  db.run(
    "INSERT OR REPLACE INTO receipt (cube, key, expires_at, seq, at, head) VALUES (?, ?, ?, ?, ?, ?)",
    cubeKey,
    idempotency.key,
    idempotency.expiresAt,
    receipt.position.seq,
    receipt.at,
    receipt.position.head,
  );
}
