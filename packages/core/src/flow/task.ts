import type { JsonObject } from "../memory/index.ts";

/** A piece of background work, before it is queued. */
export interface NewTask {
  /** Unique per tenant: queued once, however often it is asked for while it is not finished. */
  readonly key: string;
  readonly tenantId: string;
  readonly cubeId: string;
  readonly type: string;
  readonly payload: JsonObject;
  /** Higher runs first. @default 0 */
  readonly priority?: number;
  /** Milliseconds since the epoch before which it does not run. */
  readonly notBefore?: number;
  /** @default LIMITS.taskAttempts */
  readonly maxAttempts?: number;
}

/** A task held by a worker until `leaseUntil`. The token rises with every lease of the task. */
export interface LeasedTask {
  readonly id: string;
  readonly key: string;
  readonly tenantId: string;
  readonly cubeId: string;
  readonly type: string;
  readonly payload: JsonObject;
  readonly priority: number;
  /** 1 for the first attempt. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** Fencing token: the queue refuses whoever comes with an older one. */
  readonly token: number;
  readonly leaseUntil: number;
}

export type TaskState = "waiting" | "leased" | "dead" | "finished";

/** A task that failed too often; kept until somebody redrives or discards it. */
export interface DeadLetter {
  readonly id: string;
  readonly key: string;
  readonly tenantId: string;
  readonly cubeId: string;
  readonly type: string;
  readonly payload: JsonObject;
  readonly attempts: number;
  readonly error: string;
  readonly at: number;
}
