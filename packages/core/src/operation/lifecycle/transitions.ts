import { MemCubeError } from "../../errors.ts";
import type { MemoryHeader, MemoryState } from "../../memory/index.ts";

/** What can happen to a memory in its life (MemOS 2507.03724 section 5.4.3). */
export type LifecycleEvent =
  | "activate"
  | "merge"
  | "archive"
  | "restore"
  | "expire"
  | "forget"
  | "rollback";

/**
 * The life of a memory as a table: the state an event leads to, or nothing where it may not happen.
 * `rollback` restores an earlier version, also of a memory that was forgotten or merged away.
 */
export const TRANSITIONS: Readonly<
  Record<MemoryState, Readonly<Partial<Record<LifecycleEvent, MemoryState>>>>
> = {
  generated: {
    activate: "activated",
    merge: "merged",
    archive: "archived",
    expire: "expired",
    forget: "forgotten",
    rollback: "activated",
  },
  activated: {
    activate: "activated",
    merge: "merged",
    archive: "archived",
    expire: "expired",
    forget: "forgotten",
    rollback: "activated",
  },
  merged: { restore: "activated", forget: "forgotten", archive: "archived", rollback: "activated" },
  archived: {
    restore: "activated",
    expire: "expired",
    forget: "forgotten",
    rollback: "activated",
  },
  expired: { restore: "activated", forget: "forgotten", rollback: "activated" },
  forgotten: { restore: "activated", rollback: "activated" },
};

/**
 * The state after an event.
 *
 * @throws MemCubeError `MEMCUBE_BAD_TRANSITION` where the table has no entry
 */
export function nextState(state: MemoryState, event: LifecycleEvent): MemoryState {
  const next = TRANSITIONS[state][event];
  if (next !== undefined) return next;
  throw new MemCubeError("MEMCUBE_BAD_TRANSITION", `A memory that is ${state} can't ${event}.`, {
    details: { state, event, allowed: Object.keys(TRANSITIONS[state]) },
  });
}

/** Refuses changes to a frozen memory. @throws MemCubeError `MEMCUBE_FROZEN` */
export function assertNotFrozen(header: MemoryHeader): void {
  if (!header.frozen) return;
  throw new MemCubeError(
    "MEMCUBE_FROZEN",
    `Memory ${header.id} is frozen. Update it with { frozen: false } first, or erase it.`,
    { details: { id: header.id } },
  );
}
