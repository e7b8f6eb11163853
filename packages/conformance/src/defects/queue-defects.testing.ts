import { type LeasedTask, type LeaseToken, LIMITS, type TaskQueue } from "@memcube/core";
import { type MemoryStorage, memoryStorage } from "@memcube/core/testing";

import { type Defect, nextTurn } from "./defect.testing.ts";

const queueDefect = (
  name: string,
  breakQueue: (right: MemoryStorage) => Partial<TaskQueue>,
): Defect => ({
  port: "queue",
  name,
  breakIt: (right) => ({ queue: breakQueue(right) }),
});

/** The token that the task has now, whatever the worker brings. */
function current({ data }: MemoryStorage, { id, token }: LeaseToken): LeaseToken {
  return { id, token: data.queue.tasks.get(id)?.token ?? token };
}

export const queueDefects: readonly Defect[] = [
  queueDefect("a task is finished with any token", (right) => ({
    complete: (task) => right.queue.complete(current(right, task)),
  })),
  queueDefect("a lease is extended with any token", (right) => ({
    extend: (task, ...rest) => right.queue.extend(current(right, task), ...rest),
  })),
  queueDefect("a token stays the same from lease to lease", ({ queue, data }) => ({
    lease: async (query) => {
      const leased = await queue.lease(query);
      for (const { id } of leased) Object.assign(data.queue.tasks.get(id) ?? {}, { token: 1 });
      return leased.map((task): LeasedTask => ({ ...task, token: 1 }));
    },
  })),
  queueDefect("tasks are chosen, and taken a moment later", (right) => ({
    lease: (query) => chooseThenTake(right, query),
  })),
  queueDefect("tenants don't take turns", ({ queue, data }) => ({
    lease: async (query) => {
      const leased: LeasedTask[] = [];
      while (leased.length < query.limit) {
        data.queue.turns.clear();
        const [next] = await queue.lease({ ...query, limit: 1 });
        if (next === undefined) break;
        leased.push(next);
      }
      return leased;
    },
  })),
  queueDefect("turns are forgotten from lease to lease", ({ queue, data }) => ({
    lease: (query) => {
      data.queue.turns.clear();
      return queue.lease(query);
    },
  })),
  queueDefect("priority is not looked at", ({ queue }) => ({
    enqueue: (tasks, now) =>
      queue.enqueue(
        tasks.map((task) => ({ ...task, priority: 0 })),
        now,
      ),
  })),
  queueDefect("delayed tasks run at once", ({ queue }) => ({
    enqueue: (tasks, now) =>
      queue.enqueue(
        tasks.map((task) => ({ ...task, notBefore: now })),
        now,
      ),
  })),
  queueDefect("a failed task runs again at once", ({ queue }) => ({
    fail: (task, { retryAt, ...failure }) =>
      queue.fail(task, retryAt === undefined ? failure : { ...failure, retryAt: failure.now }),
  })),
  queueDefect("a key is queued as often as it is asked for", ({ queue }) => {
    let count = 0;
    return {
      enqueue: (tasks, now) =>
        queue.enqueue(
          tasks.map((task) => ({ ...task, key: `${task.key}#${count++}` })),
          now,
        ),
    };
  }),
  queueDefect("a key is once for all tenants", ({ queue, data }) => ({
    enqueue: (tasks, now) => {
      const keys = new Set([...data.queue.tasks.values()].map(({ key }) => key));
      const fresh = tasks.filter(({ key }) => !keys.has(key) && keys.add(key));
      return queue.enqueue(fresh, now);
    },
  })),
  queueDefect("a finished key can't be queued again", ({ queue }) => {
    const seen = new Set<string>();
    return {
      enqueue: (tasks, now) => {
        const fresh = tasks.filter(({ tenantId, key }) => !seen.has(`${tenantId} ${key}`));
        for (const { tenantId, key } of fresh) seen.add(`${tenantId} ${key}`);
        return queue.enqueue(fresh, now);
      },
    };
  }),
  queueDefect("a lapsed lease is lost with its task", ({ queue, data }) => ({
    lease: (query) => {
      for (const [id, task] of data.queue.tasks) {
        if (task.state === "leased" && task.dueAt <= query.now) data.queue.tasks.delete(id);
      }
      return queue.lease(query);
    },
  })),
  queueDefect("a task whose last lease lapsed runs for ever", ({ queue, data }) => ({
    lease: (query) => {
      for (const task of data.queue.tasks.values()) {
        if (task.state === "leased") task.attempt = Math.min(task.attempt, task.maxAttempts - 1);
      }
      return queue.lease(query);
    },
  })),
  queueDefect("attempts are not counted when a task fails", ({ queue, data }) => ({
    fail: async (task, failure) => {
      const row = data.queue.tasks.get(task.id);
      if (row !== undefined && failure.retryAt !== undefined) row.attempt = 0;
      await queue.fail(task, failure);
    },
  })),
  queueDefect("dead letters are anybody's", ({ queue, data }) => ({
    discard: async (_tenantId, ids) => {
      const tenants = new Set([...data.queue.tasks.values()].map(({ tenantId }) => tenantId));
      const counts = await Promise.all(
        [...tenants].map((tenantId) => queue.discard(tenantId, ids)),
      );
      return counts.reduce((sum, count) => sum + count, 0);
    },
  })),
  queueDefect("a redriven task keeps its attempts", ({ queue, data }) => ({
    redrive: async (tenantId, ids, now) => {
      const count = await queue.redrive(tenantId, ids, now);
      for (const id of ids) Object.assign(data.queue.tasks.get(id) ?? {}, { attempt: 1 });
      return count;
    },
  })),
  queueDefect("discarding takes living tasks, too", ({ data }) => ({
    discard: async (_tenantId, ids) => ids.filter((id) => data.queue.tasks.delete(id)).length,
  })),
  queueDefect("the next due time leaves leased tasks out", ({ data }) => ({
    nextDue: async (types) => {
      const waiting = [...data.queue.tasks.values()].filter(
        ({ state, type }) => state === "waiting" && types.includes(type),
      );
      return waiting.length === 0 ? undefined : Math.min(...waiting.map(({ dueAt }) => dueAt));
    },
  })),
  queueDefect("a type is leased to whoever asks", ({ queue, data }) => ({
    lease: (query) => {
      const types = new Set([...data.queue.tasks.values()].map(({ type }) => type));
      return queue.lease({ ...query, types: [...types] });
    },
  })),
  queueDefect("every task has the default number of attempts", ({ queue }) => ({
    enqueue: (tasks, now) =>
      queue.enqueue(
        tasks.map((task) => ({ ...task, maxAttempts: LIMITS.taskAttempts })),
        now,
      ),
  })),
];

async function chooseThenTake(
  { data, snapshot }: MemoryStorage,
  query: Parameters<TaskQueue["lease"]>[0],
): Promise<LeasedTask[]> {
  const chosen = await memoryStorage({ from: snapshot() }).queue.lease(query);
  await nextTurn();
  return chosen.flatMap(({ id, leaseUntil }) => {
    const task = data.queue.tasks.get(id);
    if (task === undefined) return [];
    task.state = "leased";
    task.attempt += 1;
    task.token = data.queue.nextOrder++;
    task.dueAt = leaseUntil;
    data.queue.turns.set(task.tenantId, data.queue.nextTurn++);
    return [{ ...structuredClone(task), leaseUntil }];
  });
}
