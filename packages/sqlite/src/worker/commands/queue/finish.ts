import type { LeaseToken } from "@memcube/core";

import type { Connection } from "../../connection.ts";
import type { Context } from "../../context.ts";
import { Refusal } from "../../refusal.ts";
import { PHASE } from "./phase.ts";

/** `TaskQueue.extend` */
export function extendLease(
  { db }: Context,
  input: { readonly task: LeaseToken; readonly now: number; readonly leaseMs: number },
): void {
  const { key } = held(db, input.task);
  const extend = `UPDATE task SET phase = ${PHASE.leased}, due_at = ? WHERE key = ?`;
  db.run(extend, input.now + input.leaseMs, key);
}

/** `TaskQueue.complete` */
export function completeTask({ db }: Context, task: LeaseToken): void {
  db.run("DELETE FROM task WHERE key = ?", held(db, task).key);
}

interface FailInput {
  readonly task: LeaseToken;
  readonly error: string;
  readonly now: number;
  readonly retryAt?: number;
}

/** `TaskQueue.fail` */
export function failTask({ db }: Context, { task, error, now, retryAt }: FailInput): void {
  const { key, attempt, max_attempts: maxAttempts } = held(db, task);
  if (retryAt === undefined || attempt >= maxAttempts) {
    const bury = `UPDATE task SET phase = ${PHASE.dead}, error = ?, died_at = ? WHERE key = ?`;
    db.run(bury, error, now, key);
  } else {
    const again = `UPDATE task SET phase = ${PHASE.delayed}, due_at = ?, error = ? WHERE key = ?`;
    db.run(again, retryAt, error, key);
  }
}

interface HeldRow {
  readonly key: number;
  readonly attempt: number;
  readonly max_attempts: number;
}

function held(db: Connection, { id, token }: LeaseToken): HeldRow {
  const row = db.get<HeldRow>(
    "SELECT key, attempt, max_attempts FROM task WHERE key = ? AND token = ? AND phase IN (2, 3)",
    keyOf(id),
    token,
  );
  if (row !== undefined) return row;
  const why = "The task is held under another lease, or by nobody.";
  throw new Refusal("MEMCUBE_LEASE_LOST", why, { id, token });
}

/** Ids are keys in decimal; no task has the key -1. */
export function keyOf(id: string): number {
  return /^[1-9]\d{0,15}$/.test(id) ? Number(id) : -1;
}
