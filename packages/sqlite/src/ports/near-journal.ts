import type { ThreadRef } from "@memcube/core";

import type { Connection } from "../worker/connection.ts";
import type { ThreadPlace } from "../worker/commands/threads/journal.ts";
import type { LoggedStep } from "../worker/commands/threads/logged-step.ts";
import { findThread } from "../worker/commands/threads/thread-row.ts";

/** Hashes remembered in all: some ten megabytes. */
const HASHES = 100_000;

interface KnownThread extends ThreadPlace {
  /** Of chunks that it has for as long as it is of this generation. */
  readonly hashes: Set<string>;
}

/** What this process knows of threads, so that a step can be logged in one statement. */
export class NearJournal {
  readonly #threads = new Map<string, KnownThread>();
  #hashes = 0;
  /** Threads with steps that wait, with the last one of each, as far as the journal was seen. */
  readonly #waiting = new Map<number, number>();
  #seen = 0;

  /** Where a step may be logged: in a thread that is known to have all that it names. */
  placeOf(ref: ThreadRef, step: LoggedStep): ThreadPlace | undefined {
    const known = this.#threads.get(nameOf(ref));
    if (known === undefined || !hasAll(known.hashes, step)) return undefined;
    return { key: known.key, generation: known.generation };
  }

  /** The thread is not what it was. */
  forget(ref: ThreadRef): void {
    const name = nameOf(ref);
    this.#hashes -= this.#threads.get(name)?.hashes.size ?? 0;
    this.#threads.delete(name);
  }

  /** Remembers a thread into which a step was stored: its chunks, and those it needs, are there. */
  learn(ref: ThreadRef, { key, generation }: ThreadPlace, step: LoggedStep): void {
    if (this.#hashes > HASHES) {
      this.#threads.clear();
      this.#hashes = 0;
    }
    const name = nameOf(ref);
    let known = this.#threads.get(name);
    if (known?.key !== key || known.generation !== generation) {
      this.forget(ref);
      known = { key, generation, hashes: new Set() };
      this.#threads.set(name, known);
    }
    for (const hash of neededBy(step)) this.#add(known, hash);
    for (const { hash } of step.chunks) this.#add(known, hash);
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
  }

  #add({ hashes }: KnownThread, hash: string): void {
    if (!hashes.has(hash)) this.#hashes += 1;
    hashes.add(hash);
  }
}

function nameOf({ tenantId, owner, threadId }: ThreadRef): string {
  return JSON.stringify([tenantId, owner, threadId]);
}

/** What a step names, given with it or not. */
function* neededBy(step: LoggedStep): Iterable<string> {
  for (const { needs } of step.chunks) yield* needs;
  if ("checkpoint" in step) yield* step.checkpoint.chunks;
  else for (const { chunks } of step.writes) yield* chunks;
}

/** Whether all that a step names is known, or given with it. */
function hasAll(known: ReadonlySet<string>, step: LoggedStep): boolean {
  let given: Set<string> | undefined;
  for (const hash of neededBy(step)) {
    if (known.has(hash)) continue;
    given ??= new Set(step.chunks.map((chunk) => chunk.hash));
    if (!given.has(hash)) return false;
  }
  return true;
}
