import {
  type DeadLetter,
  type LeasedTask,
  type LeaseToken,
  MemCubeError,
  type TaskQueue,
  type TaskState,
} from "@memcube/core";

import type { RedisConnection, Reply } from "../connection/connection.ts";
import type { ScriptName } from "../scripts/script.ts";
import { escapePart, memberOf } from "../members.ts";
import { listOf, numberOf, rowsOf, textOf } from "../replies.ts";
import { queueKeys, taskArguments } from "./enqueue-arguments.ts";
import { readBody } from "./task-body.ts";

/** Tasks of one script call: some 20 commands each, so well under 5 ms. */
const BATCH = 100;

/**
 * The task-queue port. The queue of all tenants lies in one slot, so that "who is next" has one answer;
 * every call is one script (`enqueue` one per 100 tasks), O(tasks x log queue), whatever else the
 * database holds. Fencing tokens follow the clock: they rise also over a failover that lost the last
 * ones.
 */
export function redisTaskQueue(connection: RedisConnection): TaskQueue {
  const { keys } = connection;
  const all = queueKeys(keys);
  const run = (script: ScriptName, args: readonly string[]): Promise<Reply> =>
    connection.run(script, all, args);
  const held = async (script: ScriptName, task: LeaseToken, ...args: string[]): Promise<void> => {
    const done = await run(script, [task.id, String(task.token), ...args]);
    if (numberOf(done) === 1) return;
    const why = "The task is held under another lease, or by nobody.";
    throw new MemCubeError("MEMCUBE_LEASE_LOST", why, {
      details: { id: task.id, token: task.token },
    });
  };
  const revive = async (tenantId: string, time: string, ids: readonly string[]): Promise<number> =>
    numberOf(await run("revive-tasks", [escapePart(tenantId), time, ...new Set(ids)]));

  return {
    enqueue: async (tasks, now) => {
      connection.checkOpen();
      for (let at = 0; at < tasks.length; at += BATCH) {
        const batch = tasks.slice(at, at + BATCH);
        await run("enqueue-tasks", [String(now), ...batch.flatMap(taskArguments)]);
      }
    },
    lease: async ({ types, limit, now, leaseMs }) => {
      const kinds = [...new Set(types)].map(escapePart);
      const leaseUntil = now + leaseMs;
      const times = [String(now), String(leaseUntil), String(limit)];
      const rows = rowsOf(await run("lease-tasks", [...times, ...kinds]), 4);
      return rows.map(([id, body, attempt, token]): LeasedTask => ({
        id: textOf(id),
        ...readBody(textOf(body)),
        attempt: numberOf(attempt),
        token: numberOf(token),
        leaseUntil,
      }));
    },
    extend: (task, now, leaseMs) => held("extend-lease", task, String(now + leaseMs)),
    complete: (task) => held("complete-task", task),
    fail: (task, { error, now, retryAt }) =>
      held("fail-task", task, String(now), retryAt === undefined ? "" : String(retryAt), error),
    states: async (tenantId, wanted) => {
      const phases = listOf(
        await run(
          "read-task-states",
          wanted.map((key) => memberOf(tenantId, key)),
        ),
      );
      return phases.map((phase) => STATES[textOf(phase)] ?? "finished");
    },
    deadLetters: async ({ tenantId, limit, cursor }) => {
      const after = cursorId(cursor);
      const asked = [escapePart(tenantId), String(limit + 1), String(after)];
      const rows = rowsOf(await run("list-dead-letters", asked), 5);
      const items = rows.slice(0, limit).map(deadLetter);
      const last = items.at(-1);
      return rows.length > limit && last !== undefined ? { items, cursor: last.id } : { items };
    },
    redrive: (tenantId, ids, now) => revive(tenantId, String(now), ids),
    discard: (tenantId, ids) => revive(tenantId, "", ids),
    stats: async (tenantId) => {
      const suffix = tenantId === undefined ? "" : `\0${escapePart(tenantId)}`;
      const fields = ["w", "l", "d"].map((state) => `${state}${suffix}`);
      const key = keys.queue("counts");
      const counts = listOf(await connection.send(key, ["HMGET", key, ...fields]));
      const [waiting = 0, leased = 0, dead = 0] = counts.map((count) => numberOf(count ?? 0));
      return { waiting, leased, dead };
    },
    nextDue: async (types) => {
      const due = textOf(await run("next-due-task", [...new Set(types)].map(escapePart)));
      return due === "" ? undefined : Number(due);
    },
  };
}

const STATES: Readonly<Record<string, TaskState>> = {
  ready: "waiting",
  delayed: "waiting",
  leased: "leased",
  lapsed: "leased",
  dead: "dead",
};

function deadLetter([id, body, attempts, error, at]: readonly Reply[]): DeadLetter {
  const { key, tenantId, cubeId, type, payload } = readBody(textOf(body));
  return {
    id: textOf(id),
    key,
    tenantId,
    cubeId,
    type,
    payload,
    attempts: numberOf(attempts),
    error: textOf(error),
    at: numberOf(at),
  };
}

/** Cursors are ids, which count up. @throws MemCubeError `MEMCUBE_INVALID_INPUT` */
function cursorId(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  if (/^\d{1,15}$/u.test(cursor)) return Number(cursor);
  throw new MemCubeError("MEMCUBE_INVALID_INPUT", "Not a cursor of this listing.");
}
