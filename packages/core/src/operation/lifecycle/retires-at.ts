import type { MemoryHeader } from "../../memory/index.ts";

/** When an expired memory is erased, in milliseconds since the epoch; `undefined`: it is kept. */
export function retiresAt({
  expiresAt,
  retentionMs,
}: Pick<MemoryHeader, "expiresAt" | "retentionMs">): number | undefined {
  if (expiresAt === undefined || retentionMs === undefined) return undefined;
  return expiresAt + retentionMs;
}

/** Whether a change brings the erasure about, or brings it forward. */
export function retiresSooner(before: MemoryHeader, after: MemoryHeader): boolean {
  const next = retiresAt(after);
  return next !== undefined && next < (retiresAt(before) ?? Number.POSITIVE_INFINITY);
}

/**
 * When the task runs that erases what is to be erased at `due`: with others of about that time, so that
 * what is renewed again and again does not fill the queue. At most an eighth of the time left late.
 */
export function retirementTime(due: number, now: number): number {
  const span = 2 ** Math.floor(Math.log2(Math.max(8, due - now) / 8));
  return Math.ceil(due / span) * span;
}
