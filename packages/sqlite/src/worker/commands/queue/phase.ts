/** Where a task stands; numbers as in the column `task.phase`, on which indexes depend. */
export const PHASE = {
  /** May be leased: a lease found its time come. */
  ready: 0,
  /** Waits for its time, and for a lease that finds it come. */
  delayed: 1,
  leased: 2,
  /** Its lease is over: may be leased by another, and finished by its holder until then. */
  lapsed: 3,
  dead: 4,
} as const;
