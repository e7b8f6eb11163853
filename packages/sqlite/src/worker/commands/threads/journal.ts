import type { ThreadRef } from "@memcube/core";

import type { Connection } from "../../connection.ts";
import { Refusal } from "../../refusal.ts";
import { removeUnneededChunks } from "./delete.ts";
import { decodeStep, encodeStep, type LoggedStep, namedBy } from "./logged-step.ts";
import { packedStep } from "./packed-step.ts";
import { checkChunks } from "./put-chunks.ts";
import { writeCheckpoint } from "./put.ts";
import { writeWrites } from "./put-writes.ts";
import { hasExpired, threadRow, touchThread } from "./thread-row.ts";

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

/**
 * Logs a step into a thread that is not known, perhaps a new one, within the transaction that is open;
 * `undefined` when it has expired and is to be cleared away first, which takes long.
 *
 * @throws Refusal `MEMCUBE_INVALID_INPUT` when a chunk is missing, or waits to be laid out
 */
export function logAnew(db: Connection, ref: ThreadRef, step: LoggedStep): ThreadPlace | undefined {
  const { now, expiresAt } = step;
  const row = threadRow(db, ref);
  if (row !== undefined && hasExpired(row, now)) return undefined;
  checkChunks(db, row?.key, step.chunks, namedBy(step));
  const isTouched = row === undefined || expiresAt !== undefined;
  const key = isTouched ? touchThread(db, row, { thread: ref, now, expiresAt }) : row.key;
  const place = { key, generation: row?.generation ?? 0 };
  return logStep(db, place, step) ? place : undefined;
}

/** A step that waits to be laid out. */
interface WaitingStep {
  readonly seq: number;
  readonly thread: number;
  readonly step: LoggedStep;
}

interface JournalRow {
  readonly seq: number;
  readonly thread: number;
  readonly step: Uint8Array;
}

const ROWS = "SELECT seq, thread, step FROM thread_journal WHERE";

/** A row as it is to be laid out. */
function waitingStep({ seq, thread, step }: JournalRow): WaitingStep {
  return { seq, thread, step: packedStep(decodeStep(step)) };
}

/** Whether any step waits. */
export function anyWaits(db: Connection): boolean {
  return db.get("SELECT 1 FROM thread_journal WHERE thread > 0 LIMIT 1") !== undefined;
}

/** Writes steps into their tables, within the transaction that is open. */
function write(db: Connection, steps: readonly WaitingStep[]): void {
  const uses = new Map<number, number>();
  const replaced = new Set<number>();
  for (const { seq, thread, step } of steps) {
    uses.set(thread, Math.max(step.now, uses.get(thread) ?? 0));
    if (!("checkpoint" in step)) writeWrites(db, thread, step);
    else if (writeCheckpoint(db, thread, step)) replaced.add(thread);
    db.run("UPDATE thread_journal SET thread = 0, step = x'' WHERE seq = ?", seq);
  }
  const use = "UPDATE thread SET updated_at = ? WHERE key = ? AND updated_at < ?";
  for (const [thread, now] of uses) db.run(use, now, thread, now);
  for (const thread of replaced) {
    // State that is replaced must not pile up; but a step that waits may need what seems unneeded.
    layOutThread(db, thread);
    removeUnneededChunks(db, thread);
  }
}

/** How much is laid out at once. */
export interface Most {
  readonly steps: number;
  readonly bytes: number;
}

/**
 * Lays out what waits of a thread, within the transaction that is open.
 * @param most if more waits nothing is done. @default any number
 * @returns whether none waits any more
 */
export function layOutThread(db: Connection, thread: number, most?: Most): boolean {
  const rows = db.all<JournalRow>(`${ROWS} thread = ? ORDER BY seq`, thread);
  if (most !== undefined && isMore(rows, most)) return false;
  if (rows.length > 0) write(db, rows.map(waitingStep));
  return true;
}

function isMore(rows: readonly JournalRow[], { steps, bytes }: Most): boolean {
  return rows.length > steps || rows.reduce((sum, { step }) => sum + step.length, 0) > bytes;
}

/**
 * Lays out the whole journal, within the transaction that is open. A thread that is damaged keeps its
 * steps, and whoever reads it is told; the others are laid out.
 */
export function layOutAll(db: Connection): void {
  for (const { thread } of waitingThreads(db)) {
    db.execute("SAVEPOINT thread");
    try {
      layOutThread(db, thread);
    } catch (error) {
      if (!isDamage(error)) throw error;
      db.execute("ROLLBACK TO thread");
    }
    db.execute("RELEASE thread");
  }
}

function waitingThreads(db: Connection): readonly { readonly thread: number }[] {
  return db.all("SELECT DISTINCT thread FROM thread_journal WHERE thread > 0");
}

function isDamage(error: unknown): boolean {
  return error instanceof Refusal && error.code === "MEMCUBE_STORAGE_DAMAGED";
}

/** Steps laid out by one transaction, which others wait for. */
const SLICE = 32;

/** Lays out some of the journal in a transaction of its own; whether more waits. */
export function layOutSome(db: Connection): boolean {
  try {
    return layOutSlice(db);
  } catch (error) {
    if (!isDamage(error)) throw error;
    // What is damaged must not hold up the others.
    emptyJournal(db);
    return false;
  }
}

/** Lays out the whole journal in a transaction of its own. */
export function emptyJournal(db: Connection): void {
  inTransaction(db, () => {
    layOutAll(db);
    removeDone(db);
  });
}

/** Lays out the steps that wait longest. What takes longest, packing, is done before it takes the lock. */
function layOutSlice(db: Connection): boolean {
  const rows = db.all<JournalRow>(`${ROWS} thread > 0 ORDER BY seq LIMIT ${SLICE}`);
  const steps = rows.map(waitingStep);
  inTransaction(db, () => {
    const still = "SELECT 1 FROM thread_journal WHERE seq = ? AND thread = ?";
    // Another process, or whoever read the thread, may have been faster.
    write(
      db,
      steps.filter(({ seq, thread }) => db.get(still, seq, thread) !== undefined),
    );
    removeDone(db, steps.at(-1)?.seq);
  });
  return steps.length === SLICE;
}

/**
 * Removes rows that were laid out, but for the last of all, so that numbers only rise.
 * @param upTo the last to be removed. @default any
 */
function removeDone(db: Connection, upTo = Infinity): void {
  const last = db.get<{ seq: number | null }>("SELECT max(seq) AS seq FROM thread_journal")?.seq;
  const done = "DELETE FROM thread_journal WHERE thread = 0 AND seq < ?";
  db.run(done, Math.min(last ?? 0, upTo + 1));
}

function inTransaction(db: Connection, action: () => void): void {
  db.run("BEGIN IMMEDIATE");
  try {
    action();
    db.run("COMMIT");
  } catch (error) {
    db.rollBack();
    throw error;
  }
}
