import { LIMITS, type NewTask } from "@memcube/core";

import type { Keys } from "../keys.ts";
import { escapePart } from "../members.ts";
import { taskBody } from "./task-body.ts";

/** The keys of the queue, in the order of `scripts/modules/queue.lua`. */
export function queueKeys(keys: Keys): [string, ...string[]] {
  const others = ["bodies", "states", "index", "counts", "turns"].map((name) => keys.queue(name));
  return [keys.queue("ids"), ...others];
}

/** A task as `queue.enqueue` of the scripts takes it. */
export function taskArguments(task: NewTask): string[] {
  const { tenantId, key, type, priority = 0, maxAttempts = LIMITS.taskAttempts, notBefore } = task;
  return [
    escapePart(tenantId),
    escapePart(key),
    escapePart(type),
    String(priority),
    String(maxAttempts),
    notBefore === undefined ? "" : String(notBefore),
    taskBody(task),
  ];
}
