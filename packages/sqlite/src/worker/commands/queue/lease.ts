import type { LeasedTask } from "@memcube/core";

import type { Connection } from "../../connection.ts";
import type { Context } from "../../context.ts";
import { PHASE } from "./phase.ts";

/** A leased task whose payload is still JSON. */
export type LeasedText = Omit<LeasedTask, "payload"> & { readonly payload: string };

interface LeaseInput {
  readonly types: readonly string[];
  readonly limit: number;
  readonly now: number;
  readonly leaseMs: number;
  readonly worker: string;
}

/** `TaskQueue.lease` */
export function leaseTasks({ db }: Context, input: LeaseInput): LeasedText[] {
  const types = [...new Set(input.types)];
  for (const type of types) wakeTasks(db, type, input.now);
  const leased: LeasedText[] = [];
  for (const priority of prioritiesOf(db, types)) {
    const tenants = tenantsOf(db, types, priority);
    while (leased.length < input.limit && tenants.length > 0) {
      const task = oldestOf(db, types, priority, tenants[0]?.tenant ?? "");
      const turn = tenants.shift();
      if (task === undefined || turn === undefined) continue;
      leased.push(leaseOne(db, task, input));
      // Its turn is now the latest of all.
      tenants.push(turn);
    }
    if (leased.length >= input.limit) break;
  }
  return leased;
}

/** Tasks whose time has come are ready; those that lapsed in their last attempt are dead. */
function wakeTasks(db: Connection, type: string, now: number): void {
  const due = "type = ? AND due_at <= ? AND phase IN (1, 2)";
  db.run(
    `UPDATE task SET phase = ${PHASE.dead}, died_at = ?, error = 'the lease of the last attempt lapsed'
     WHERE ${due} AND phase = ${PHASE.leased} AND attempt >= max_attempts`,
    now,
    type,
    now,
  );
  db.run(
    `UPDATE task SET phase = iif(phase = ${PHASE.leased}, ${PHASE.lapsed}, ${PHASE.ready})
     WHERE ${due}`,
    type,
    now,
  );
}

/** Priorities with ready tasks, highest first: found by hopping through the index. */
function prioritiesOf(db: Connection, types: readonly string[]): number[] {
  const found = new Set<number>();
  const next = `SELECT priority FROM task WHERE phase IN (0, 3) AND type = ? AND priority < ?
    ORDER BY priority DESC LIMIT 1`;
  for (const type of types) {
    let below = Number.MAX_SAFE_INTEGER;
    for (;;) {
      const priority = db.get<{ priority: number }>(next, type, below)?.priority;
      if (priority === undefined) break;
      found.add(priority);
      below = priority;
    }
  }
  return [...found].sort((a, b) => b - a);
}

interface TenantTurn {
  readonly tenant: string;
  readonly turn: number;
  readonly oldest: number;
}

/** Tenants with ready tasks of a priority: whose turn is longest ago first, then by the older task. */
function tenantsOf(db: Connection, types: readonly string[], priority: number): TenantTurn[] {
  const found = new Map<string, TenantTurn>();
  const next = `SELECT tenant, key FROM task
    WHERE phase IN (0, 3) AND type = ? AND priority = ? AND tenant > ? ORDER BY tenant, key LIMIT 1`;
  for (const type of types) {
    let after = "";
    for (;;) {
      const row = db.get<{ tenant: string; key: number }>(next, type, priority, after);
      if (row === undefined) break;
      const oldest = Math.min(row.key, found.get(row.tenant)?.oldest ?? Infinity);
      found.set(row.tenant, { tenant: row.tenant, turn: turnOf(db, row.tenant), oldest });
      after = row.tenant;
    }
  }
  return [...found.values()].sort((a, b) => a.turn - b.turn || a.oldest - b.oldest);
}

function turnOf(db: Connection, tenant: string): number {
  return db.get<{ turn: number }>("SELECT turn FROM turn WHERE tenant = ?", tenant)?.turn ?? 0;
}

interface TaskRow {
  readonly key: number;
  readonly task_key: string;
  readonly tenant: string;
  readonly cube: string;
  readonly type: string;
  readonly payload: string;
  readonly priority: number;
  readonly attempt: number;
  readonly max_attempts: number;
}

function oldestOf(
  db: Connection,
  types: readonly string[],
  priority: number,
  tenant: string,
): TaskRow | undefined {
  let oldest: TaskRow | undefined;
  for (const type of types) {
    const row = db.get<TaskRow>(
      `SELECT key, task_key, tenant, cube, type, payload, priority, attempt, max_attempts FROM task
       WHERE phase IN (0, 3) AND type = ? AND priority = ? AND tenant = ? ORDER BY key LIMIT 1`,
      type,
      priority,
      tenant,
    );
    if (row !== undefined && row.key < (oldest?.key ?? Infinity)) oldest = row;
  }
  return oldest;
}

function leaseOne(db: Connection, task: TaskRow, { now, leaseMs, worker }: LeaseInput): LeasedText {
  const token = takeTurn(db, task.tenant);
  const attempt = task.attempt + 1;
  const leaseUntil = now + leaseMs;
  db.run(
    `UPDATE task SET phase = ${PHASE.leased}, due_at = ?, attempt = ?, token = ?, worker = ?
     WHERE key = ?`,
    leaseUntil,
    attempt,
    token,
    worker,
    task.key,
  );
  const { task_key: key, tenant: tenantId, cube: cubeId, type, payload, priority } = task;
  return {
    id: String(task.key),
    key,
    tenantId,
    cubeId,
    type,
    payload,
    priority,
    attempt,
    maxAttempts: task.max_attempts,
    token,
    leaseUntil,
  };
}

/** Counts a lease; the count is the tenant's latest turn and the fencing token. It only rises. */
function takeTurn(db: Connection, tenant: string): number {
  const count = db.get<{ turn: number }>(
    `INSERT INTO turn (tenant, turn) VALUES ('', 1)
     ON CONFLICT DO UPDATE SET turn = turn + 1 RETURNING turn`,
  );
  const turn = count?.turn ?? 0;
  db.run("INSERT OR REPLACE INTO turn (tenant, turn) VALUES (?, ?)", tenant, turn);
  return turn;
}
