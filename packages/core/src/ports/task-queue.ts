import type { DeadLetter, LeasedTask, NewTask, Page, TaskState } from "../flow/index.ts";

/**
 * Background work, at least once: a task is held under a lease with a fencing token, comes back when
 * the lease lapses or the attempt fails, and becomes a dead letter after its last attempt. Effects
 * must be idempotent; those of memcube are keyed by the commit that caused them.
 */
export interface TaskQueue {
  /** Adds tasks; one whose key is already queued (waiting, leased or dead) is left as it is. */
  enqueue(tasks: readonly NewTask[], now: number): Promise<void>;

  /**
   * Leases up to `limit` due tasks of the types, higher priority first, then taking turns between
   * tenants, then oldest first. Tasks whose lease lapsed count as due; one that lapsed in its last
   * attempt becomes a dead letter instead.
   */
  lease(query: {
    readonly types: readonly string[];
    readonly limit: number;
    readonly now: number;
    readonly leaseMs: number;
    readonly worker: string;
  }): Promise<readonly LeasedTask[]>;

  /** Keeps a task longer. @throws MemCubeError `MEMCUBE_LEASE_LOST` */
  extend(task: LeaseToken, now: number, leaseMs: number): Promise<void>;

  /** Finishes a task. @throws MemCubeError `MEMCUBE_LEASE_LOST` when another lease replaced it */
  complete(task: LeaseToken): Promise<void>;

  /**
   * Gives a failed task back: it runs again at `retryAt`, or is dead when that is left out or it was
   * the last attempt. @throws MemCubeError `MEMCUBE_LEASE_LOST`
   */
  fail(
    task: LeaseToken,
    failure: { readonly error: string; readonly now: number; readonly retryAt?: number },
  ): Promise<void>;

  /** State by key; a key that is not queued is `finished`. */
  states(tenantId: string, keys: readonly string[]): Promise<readonly TaskState[]>;

  deadLetters(query: {
    readonly tenantId: string;
    readonly limit: number;
    readonly cursor?: string;
  }): Promise<Page<DeadLetter>>;

  /** Makes dead letters run again with their attempts counted from zero. How many there were. */
  redrive(tenantId: string, ids: readonly string[], now: number): Promise<number>;
  /** Removes dead letters. How many there were. */
  discard(tenantId: string, ids: readonly string[]): Promise<number>;

  stats(
    tenantId?: string,
  ): Promise<{ readonly waiting: number; readonly leased: number; readonly dead: number }>;

  /** When the next task of these types is due, in milliseconds; `undefined` when there is none. */
  nextDue(types: readonly string[]): Promise<number | undefined>;
}

export interface LeaseToken {
  readonly id: string;
  readonly token: number;
}
