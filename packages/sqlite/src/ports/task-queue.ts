import type { TaskQueue } from "@memcube/core";

import type { Call } from "../client.ts";
import { readObject } from "../json-text.ts";

/** The task-queue port. */
export function taskQueueOf(call: Call): TaskQueue {
  return {
    enqueue: (tasks, now) => call("queue.enqueue", { tasks, now }),
    lease: async (query) => {
      const tasks = await call("queue.lease", query);
      return tasks.map((task) => ({ ...task, payload: readObject(task.payload) }));
    },
    extend: ({ id, token }, now, leaseMs) =>
      call("queue.extend", { task: { id, token }, now, leaseMs }),
    complete: ({ id, token }) => call("queue.complete", { id, token }),
    fail: ({ id, token }, failure) => call("queue.fail", { task: { id, token }, ...failure }),
    states: (tenantId, keys) => call("queue.states", { tenantId, keys }),
    deadLetters: async (query) => {
      const { items, ...page } = await call("queue.deadLetters", query);
      return {
        ...page,
        items: items.map((dead) => ({ ...dead, payload: readObject(dead.payload) })),
      };
    },
    redrive: (tenantId, ids, now) => call("queue.redrive", { tenantId, ids, now }),
    discard: (tenantId, ids) => call("queue.discard", { tenantId, ids }),
    stats: (tenantId) => call("queue.stats", tenantId),
    nextDue: (types) => call("queue.nextDue", types),
  };
}
