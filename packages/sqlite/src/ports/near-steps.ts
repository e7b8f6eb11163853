import type { ThreadRef } from "@memcube/core";

import type { NearDatabase } from "../near-database.ts";
import type { Connection } from "../worker/connection.ts";
import { layOutThread, logAnew, logStep, type Most } from "../worker/commands/threads/journal.ts";
import type { LoggedStep } from "../worker/commands/threads/logged-step.ts";
import { findThread } from "../worker/commands/threads/thread-row.ts";
import type { KnownThread } from "./known-thread.ts";
import type { LogKeeper } from "./log-keeper.ts";
import type { FarThreads } from "./near-threads.ts";
import { NearJournal } from "./near-journal.ts";

/** What is larger goes to the other thread: it would hold up the event loop. */
const NEAR_BYTES = 65_536;
const NEAR_CHUNKS = 256;

/** So much is laid out here. */
const NEAR_STEPS: Most = { steps: 16, bytes: NEAR_BYTES };

/**
 * Small steps, taken in the caller's thread: they are logged in the journal. They keep their order: while
 * the other thread has any to do, what comes goes there, too.
 */
export class NearSteps {
  readonly #far: FarThreads;
  readonly #near: NearDatabase;
  readonly #keeper: LogKeeper;
  readonly #journal = new NearJournal();
  #waiting = 0;

  constructor(far: FarThreads, near: NearDatabase, keeper: LogKeeper) {
    this.#far = far;
    this.#near = near;
    this.#keeper = keeper;
  }

  /** A write that the other thread does. */
  async inTurn<T>(write: () => Promise<T>): Promise<T> {
    this.#waiting += 1;
    try {
      return await write();
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Whether the step was stored; `undefined`, at once, when it is not taken here. */
  take(ref: ThreadRef, step: LoggedStep): Promise<boolean> | undefined {
    const size = sizeOf(step);
    if (this.#waiting > 0 || step.chunks.length > NEAR_CHUNKS || size > NEAR_BYTES)
      return undefined;
    // What sets an expiry is seen by whoever looks for expired threads.
    const known = step.expiresAt === undefined ? this.#journal.known(ref) : undefined;
    this.#keeper.logged(size);
    if (known?.hasAll(step) === true) {
      const isLogged = this.#near.step((db) => logStep(db, known.place, step));
      if (isLogged === undefined) return this.#logInTurn(ref, known, step);
      if (isLogged) {
        this.#journal.learnOf(known, step);
        return this.#near.settle();
      }
      this.#journal.forget(ref);
    }
    const place = this.#near.write((db) => logAnew(db, ref, step));
    if (place === undefined) return undefined;
    this.#journal.learn(ref, place, step);
    return this.#near.settle();
  }

  /** Whether steps of a thread wait to be laid out, in the transaction that is open. */
  waits(db: Connection, ref: ThreadRef): boolean {
    return this.#journal.waits(db, ref);
  }

  /** Lays out what waits, of a thread or of all: reads see the tables alone. */
  async layOut(ref?: ThreadRef): Promise<void> {
    const waits = ref && this.#near.read((db) => this.waits(db, ref))?.value;
    if (!(waits ?? (await this.#far.waits()))) return;
    await this.inTurn(async () => await this.#far.layOut(ref));
  }

  /** Lays out the few steps of a thread that wait, if any do; whether none waits any more. */
  layOutHere(ref: ThreadRef): boolean {
    if (this.#near.read((db) => this.waits(db, ref))?.value === false) return true;
    const isDone = this.#near.write((db) => {
      const thread = findThread(db, ref);
      return thread === undefined || layOutThread(db, thread, NEAR_STEPS) || undefined;
    });
    return isDone === true;
  }

  /** Logs a step that has met a lock here. */
  async #logInTurn(ref: ThreadRef, known: KnownThread, step: LoggedStep): Promise<boolean> {
    const isLogged = await this.inTurn(async () => await this.#far.log(known.place, step));
    if (isLogged) this.#journal.learnOf(known, step);
    else this.#journal.forget(ref);
    return isLogged;
  }
}

function sizeOf(step: LoggedStep): number {
  let size = "checkpoint" in step ? step.checkpoint.value.length : 0;
  if (!("checkpoint" in step)) for (const { value } of step.writes) size += value.length;
  for (const { bytes } of step.chunks) size += bytes.length;
  return size;
}
