import type { LeasedTask, NewTask, TaskQueue } from "@memcube/core";

import { START } from "../kit/content.ts";

/** A task of the tenant's, of type "work" unless it says otherwise. */
export function task(key: string, more: Partial<NewTask> = {}): NewTask {
  return {
    key,
    tenantId: "tenant-1",
    cubeId: "cube-1",
    type: "work",
    payload: { of: key },
    ...more,
  };
}

type LeaseQuery = Parameters<TaskQueue["lease"]>[0];

/** Leases due tasks of type "work", one at {@link START} for a second unless it says otherwise. */
export function lease(
  queue: TaskQueue,
  query: Partial<LeaseQuery> = {},
): Promise<readonly LeasedTask[]> {
  return queue.lease({
    types: ["work"],
    limit: 1,
    now: START,
    leaseMs: 1e3,
    worker: "worker-1",
    ...query,
  });
}

/** Leases one task that must be there. */
export async function leaseOne(
  queue: TaskQueue,
  query: Partial<LeaseQuery> = {},
): Promise<LeasedTask> {
  const [leased] = await lease(queue, query);
  if (leased === undefined) throw new Error("no task was due");
  return leased;
}

export async function keysOf(leased: Promise<readonly LeasedTask[]>): Promise<string[]> {
  return (await leased).map(({ key }) => key);
}
