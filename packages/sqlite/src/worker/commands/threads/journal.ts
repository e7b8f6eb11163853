import type { Connection } from "../../connection.ts";
import type { Context } from "../../context.ts";
import { removeUnneededChunks } from "./delete.ts";
import { decodeStep, encodeStep, type LoggedStep } from "./logged-step.ts";
import { packedStep } from "./packed-step.ts";
import { writeCheckpoint } from "./put.ts";
import { writeWrites } from "./put-writes.ts";

// The journal of small steps: each is one row, whose page is the only one that is written; laid out in the
// tables that are read later, many together. A step is logged only when nothing can keep it from being
// laid out: its thread is there and live, and no chunk of it was removed since they were known to be there. Whoever removes
// any lays out the journal first.

/** A thread as whoever logs a step has seen it last. */
export interface ThreadPlace {
  readonly key: number;
  readonly generation: number;
}

/** Logs a step in one statement; false when the thread is not what it was. */
export function logStep(
  db: Connection,
  { key, generation }: ThreadPlace,
  step: LoggedStep,
): boolean {
  const log = `INSERT INTO thread_journal (thread, step) SELECT key, ? FROM thread
    WHERE key = ? AND generation = ? AND (expires_at IS NULL OR expires_at > ?)`;
  return db.run(log, encodeStep(step), key, generation, step.now) === 1;
}

/** A step that waits to be laid out. */
interface WaitingStep {
  readonly seq: number;
  readonly thread: number;
  readonly step: LoggedStep;
}

/** Steps of the journal as they are to be laid out: the first ones, or those after one. */
function waitingSteps(db: Connection, limit: number, after = 0): WaitingStep[] {
  const rows = db.all<{ seq: number; thread: number; step: Uint8Array }>(
    "SELECT seq, thread, step FROM thread_journal WHERE thread > 0 AND seq > ? ORDER BY seq LIMIT ?",
    after,
    limit,
  );
  return rows.map(({ step, ...row }) => ({ ...row, step: packedStep(decodeStep(step)) }));
}

/** Number of the first step that waits; `undefined` when none does. */
export function firstWaiting(db: Connection): number | undefined {
  const find = "SELECT seq FROM thread_journal WHERE thread > 0 ORDER BY seq LIMIT 1";
  return db.get<{ seq: number }>(find)?.seq;
}

/** Lays out steps, the first ones of the journal, within the transaction that is open. */
function layOut(db: Connection, steps: readonly WaitingStep[]): void {
  const last = steps.at(-1)?.seq;
  if (last === undefined) return;
  const replaced = write(db, steps);
  db.run("DELETE FROM thread_journal WHERE seq < ?", last);
  db.run("UPDATE thread_journal SET thread = 0, step = x'' WHERE seq = ?", last);
  if (replaced.size === 0) return;
  // State that is replaced must not pile up; but a step that waits may need what seems unneeded.
  layOut(db, waitingSteps(db, ALL, last));
  for (const thread of replaced) removeUnneededChunks(db, thread);
}

/** Writes steps into their tables. @returns threads of which a checkpoint was replaced */
function write(db: Connection, steps: readonly WaitingStep[]): ReadonlySet<number> {
  const uses = new Map<number, number>();
  const replaced = new Set<number>();
  for (const { thread, step } of steps) {
    uses.set(thread, Math.max(step.now, uses.get(thread) ?? 0));
    if (!("checkpoint" in step)) writeWrites(db, thread, step);
    else if (writeCheckpoint(db, thread, step)) replaced.add(thread);
  }
  const use = "UPDATE thread SET updated_at = ? WHERE key = ? AND updated_at < ?";
  for (const [thread, now] of uses) db.run(use, now, thread, now);
  return replaced;
}

/** Lays out the whole journal within the transaction that is open. */
export function layOutAll({ db }: Pick<Context, "db">): void {
  if (firstWaiting(db) !== undefined) layOut(db, waitingSteps(db, ALL));
}

const ALL = -1;

/** Steps laid out by one transaction, which others wait for. */
const SLICE = 16;

/**
 * Lays out some of the journal in a transaction of its own; whether more waits. What takes longest,
 * packing, is done before it takes the lock.
 */
export function layOutSome(db: Connection): boolean {
  const steps = waitingSteps(db, SLICE);
  if (steps.length === 0) return false;
  db.run("BEGIN IMMEDIATE");
  try {
    // Otherwise another process has been faster.
    if (firstWaiting(db) === steps[0]?.seq) layOut(db, steps);
    db.run("COMMIT");
  } catch (error) {
    db.rollBack();
    throw error;
  }
  return steps.length === SLICE;
}
