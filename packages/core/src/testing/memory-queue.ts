import { MemCubeError } from "../errors.ts";
import type { DeadLetter, LeasedTask, NewTask, TaskState } from "../flow/index.ts";
import { LIMITS } from "../limits.ts";
import type { LeaseToken, TaskQueue } from "../ports/index.ts";
import type { DirectPort } from "./direct-port.ts";
import type { MemoryData, QueueData, TaskRow } from "./memory-data.ts";
import { pageOf } from "./page-of.ts";

/** The task-queue port on a map of tasks. */
export function memoryQueue({ queue }: MemoryData): DirectPort<TaskQueue> {
  const { tasks } = queue;
  const all = () => [...tasks.values()];
  const remove = (task: TaskRow) => tasks.delete(task.id);
  const dead = (tenantId: string, ids?: readonly string[]) =>
    all().filter(
      (task) =>
        task.state === "dead" && task.tenantId === tenantId && (ids?.includes(task.id) ?? true),
    );
  return {
    enqueue: (added, now) => enqueueTasks(queue, added, now),
    lease: (query) => leaseTasks(queue, query),
    extend: (token, now, leaseMs) => {
      held(queue, token).dueAt = now + leaseMs;
    },
    complete: (token) => {
      remove(held(queue, token));
    },
    fail: (token, { error, now, retryAt }) => {
      const task = held(queue, token);
      if (retryAt === undefined || task.attempt >= task.maxAttempts) bury(task, error, now);
      else Object.assign(task, { state: "waiting", dueAt: retryAt, error });
    },
    states: (tenantId, keys) =>
      keys.map((key): TaskState => tasks.get(taskId(tenantId, key))?.state ?? "finished"),
    deadLetters: (query) =>
      pageOf(dead(query.tenantId), query, {
        keyOf: ({ order }) => order,
        isAfter: (task, order: number) => task.order > order,
        itemOf: deadLetter,
      }),
    redrive: (tenantId, ids, now) => {
      const found = dead(tenantId, ids);
      for (const task of found) Object.assign(task, { state: "waiting", attempt: 0, dueAt: now });
      return found.length;
    },
    discard: (tenantId, ids) => {
      const found = dead(tenantId, ids);
      for (const task of found) remove(task);
      return found.length;
    },
    stats: (tenantId) => {
      const counts = { waiting: 0, leased: 0, dead: 0 };
      for (const task of all()) {
        if (tenantId === undefined || task.tenantId === tenantId) counts[task.state] += 1;
      }
      return counts;
    },
    nextDue: (types) => {
      const due = all().filter(({ state, type }) => state !== "dead" && types.includes(type));
      return due.length === 0 ? undefined : Math.min(...due.map(({ dueAt }) => dueAt));
    },
  };
}

/** Adds tasks to the queue; also the last step of a commit that carries tasks. */
export function enqueueTasks(queue: QueueData, added: readonly NewTask[], now: number): void {
  for (const task of added) {
    const id = taskId(task.tenantId, task.key);
    if (queue.tasks.has(id)) continue;
    const order = queue.nextOrder++;
    queue.tasks.set(id, {
      ...task,
      id,
      order,
      priority: task.priority ?? 0,
      maxAttempts: task.maxAttempts ?? LIMITS.taskAttempts,
      state: "waiting",
      dueAt: task.notBefore ?? now,
      attempt: 0,
      // INVARIANT: tokens only rise, also when a key is queued again after it was finished.
      token: order,
      error: "",
      diedAt: 0,
    });
  }
}

function leaseTasks(queue: QueueData, query: Parameters<TaskQueue["lease"]>[0]): LeasedTask[] {
  const { types, limit, now, leaseMs } = query;
  const due = [...queue.tasks.values()].filter(
    (task) => task.state !== "dead" && types.includes(task.type) && task.dueAt <= now,
  );
  for (const task of due) {
    const lapsed = task.state === "leased" && task.attempt >= task.maxAttempts;
    if (lapsed) bury(task, "the lease of the last attempt lapsed", now);
  }
  const ready = due.filter(({ state }) => state !== "dead");
  const leased: LeasedTask[] = [];
  while (leased.length < limit && ready.length > 0) {
    const task = ready.reduce((best, other) => (comesFirst(queue, other, best) ? other : best));
    ready.splice(ready.indexOf(task), 1);
    queue.turns.set(task.tenantId, queue.nextTurn++);
    task.state = "leased";
    task.attempt += 1;
    task.token = queue.nextOrder++;
    task.dueAt = now + leaseMs;
    leased.push(leasedTask(task));
  }
  return leased;
}

/** Higher priority, then the tenant whose turn is longest ago, then the older task. */
function comesFirst(queue: QueueData, task: TaskRow, other: TaskRow): boolean {
  const turnOf = ({ tenantId }: TaskRow): number => queue.turns.get(tenantId) ?? 0;
  if (task.priority !== other.priority) return task.priority > other.priority;
  if (turnOf(task) !== turnOf(other)) return turnOf(task) < turnOf(other);
  return task.order < other.order;
}

function held(queue: QueueData, token: LeaseToken): TaskRow {
  const task = queue.tasks.get(token.id);
  if (task?.state === "leased" && task.token === token.token) return task;
  throw new MemCubeError(
    "MEMCUBE_LEASE_LOST",
    "The task is held under another lease, or by nobody.",
  );
}

function bury(task: TaskRow, error: string, now: number): void {
  Object.assign(task, { state: "dead", error, diedAt: now });
}

function taskId(tenantId: string, key: string): string {
  return JSON.stringify([tenantId, key]);
}

function leasedTask(task: TaskRow): LeasedTask {
  const { id, key, tenantId, cubeId, type, payload, priority, attempt, maxAttempts, token } = task;
  const leaseUntil = task.dueAt;
  const what = { id, key, tenantId, cubeId, type, payload, priority };
  return { ...what, attempt, maxAttempts, token, leaseUntil };
}

function deadLetter(task: TaskRow): DeadLetter {
  const { id, key, tenantId, cubeId, type, payload, error } = task;
  return {
    id,
    key,
    tenantId,
    cubeId,
    type,
    payload,
    error,
    attempts: task.attempt,
    at: task.diedAt,
  };
}
