import type { ThreadRef } from "@memcube/core";

import type { Connection } from "../worker/connection.ts";
import type { ThreadPlace } from "../worker/commands/threads/journal.ts";
import type { LoggedStep } from "../worker/commands/threads/logged-step.ts";
import { findThread } from "../worker/commands/threads/thread-row.ts";
import { KnownThread } from "./known-thread.ts";

/** Threads and hashes remembered in all: some ten megabytes. */
const REMEMBERED = 100_000;

/** So many threads are remembered as waiting before those are forgotten that were laid out meanwhile. */
const WAITING_THREADS = 4_096;

/** What this process knows of threads and of the journal, so that a step is logged in one statement. */
export class NearJournal {
  readonly #threads = new Map<string, KnownThread>();
  #remembered = 0;
  /** Threads with steps that wait, with the last one of each, as far as the journal was seen. */
  readonly #waiting = new Map<number, number>();
  #mostWaiting = WAITING_THREADS;
  #seen = 0;

  /** How many threads are remembered as waiting. */
  get waiting(): number {
    return this.#waiting.size;
  }

  known(ref: ThreadRef): KnownThread | undefined {
    return this.#threads.get(nameOf(ref));
  }

  /** Remembers where a thread is into which a step was stored. */
  learn(ref: ThreadRef, place: ThreadPlace, step: LoggedStep): void {
    const name = nameOf(ref);
    let known = this.#threads.get(name);
    if (known?.place.key !== place.key || known.place.generation !== place.generation) {
      known = new KnownThread(place);
      this.#threads.set(name, known);
      this.#remembered += 1;
    }
    this.learnOf(known, step);
  }

  /** Remembers a step that was stored into a thread that is known. */
  learnOf(known: KnownThread, step: LoggedStep): void {
    const before = known.size;
    known.learn(step);
    this.#remembered += known.size - before;
    if (this.#remembered <= REMEMBERED) return;
    this.#threads.clear();
    this.#remembered = 0;
  }

  /** The thread is not what it was. */
  forget(ref: ThreadRef): void {
    this.#threads.delete(nameOf(ref));
  }

  /** Whether steps of a thread wait to be laid out, in the transaction that is open. */
  waits(db: Connection, ref: ThreadRef): boolean {
    this.#look(db);
    if (this.#waiting.size === 0) return false;
    const thread = findThread(db, ref);
    const last = thread === undefined ? undefined : this.#waiting.get(thread);
    if (thread === undefined || last === undefined) return false;
    const find = "SELECT 1 FROM thread_journal WHERE seq = ? AND thread = ?";
    if (db.get(find, last, thread) !== undefined) return true;
    this.#waiting.delete(thread);
    return false;
  }

  /** What was added to the journal since, by whomever. */
  #look(db: Connection): void {
    const find = "SELECT seq, thread FROM thread_journal WHERE seq > ?";
    for (const [seq, thread] of db.tuples<[number, number]>(find, this.#seen)) {
      this.#seen = Math.max(seq, this.#seen);
      if (thread > 0) this.#waiting.set(thread, seq);
    }
    if (this.#waiting.size > this.#mostWaiting) this.#forgetDone(db);
  }

  /** What is before the first row was laid out. */
  #forgetDone(db: Connection): void {
    const find = "SELECT min(seq) AS first FROM thread_journal";
    const first = db.get<{ first: number | null }>(find)?.first ?? Infinity;
    for (const [thread, last] of this.#waiting) if (last < first) this.#waiting.delete(thread);
    this.#mostWaiting = Math.max(WAITING_THREADS, 2 * this.#waiting.size);
  }
}

function nameOf({ tenantId, owner, threadId }: ThreadRef): string {
  return JSON.stringify([tenantId, owner, threadId]);
}
