import type { ThreadRef, Threads } from "@memcube/core";

import type { NearDatabase } from "../near-database.ts";
import type { Connection } from "../worker/connection.ts";
import type { ThreadPlace } from "../worker/commands/threads/journal.ts";
import type { LoggedStep } from "../worker/commands/threads/logged-step.ts";
import { getCheckpoint, getLineage, listCheckpoints } from "../worker/commands/threads/read.ts";
import type { LogKeeper } from "./log-keeper.ts";
import { NearSteps } from "./near-steps.ts";

/** Checkpoints that are read at once. */
const NEAR_READS = 64;

/** The threads port in the other thread. */
export interface FarThreads extends Threads {
  /** Whether steps wait to be laid out, which `get`, `list`, `lineage` and `threads` don't see. */
  waits(): Promise<boolean>;
  /** Logs a step; false when its thread is not what it was. */
  log(place: ThreadPlace, step: LoggedStep): Promise<boolean>;
  /** Lays out what waits, of a thread or of all. */
  layOut(thread?: ThreadRef): Promise<void>;
}

interface Surroundings {
  readonly keeper: LogKeeper;
  /** Throws when the storage is closed or broken. */
  readonly checkOpen: () => void;
}

/**
 * The threads port with small steps and small reads in the caller's thread.
 * @param far the port in the other thread
 */
export function nearThreads(
  far: FarThreads,
  near: NearDatabase,
  { keeper, checkOpen }: Surroundings,
): Threads {
  const steps = new NearSteps(far, near, keeper);
  /** A step taken here, where it can be; else by the other thread, which says why when it can't. */
  const store = async (
    thread: ThreadRef,
    step: LoggedStep,
    there: () => Promise<void>,
  ): Promise<void> => {
    checkOpen();
    const taken = steps.take(thread, step);
    if (taken !== undefined && (await taken)) return;
    await steps.inTurn(there);
  };
  /** What is read here, unless steps of the thread wait; else what the other thread reads after them. */
  const read = async <T>(
    thread: ThreadRef,
    here: ((db: Connection) => T) | undefined,
    there: () => Promise<T>,
  ): Promise<T> => {
    checkOpen();
    if (here !== undefined && steps.layOutHere(thread)) {
      const found = near.read((db) => (steps.waits(db, thread) ? undefined : { value: here(db) }));
      if (found?.value !== undefined) return found.value.value;
    }
    await steps.layOut(thread);
    return await there();
  };
  return {
    packs: true,
    put: (thread, step) => store(thread, step, () => far.put(thread, step)),
    putWrites: (thread, step) => store(thread, step, () => far.putWrites(thread, step)),
    get: async (thread, query) => {
      const here = (db: Connection) => getCheckpoint({ db }, { thread, ...query });
      // Chunks may be many, and large.
      const isSmall = query.withoutChunks === true;
      return await read(thread, isSmall ? here : undefined, () => far.get(thread, query));
    },
    list: async (thread, query) => {
      const here = (db: Connection) => listCheckpoints({ db }, { thread, ...query });
      const isSmall = query.bare === true && query.limit <= NEAR_READS;
      return await read(thread, isSmall ? here : undefined, () => far.list(thread, query));
    },
    lineage: async (thread, query) => {
      const here = (db: Connection) => getLineage({ db }, { thread, ...query });
      const isSmall = query.withoutChunks === true && query.limit <= NEAR_READS;
      return await read(thread, isSmall ? here : undefined, () => far.lineage(thread, query));
    },
    threads: async (query) => {
      await steps.layOut();
      return await far.threads(query);
    },
    delete: async (thread) => await steps.inTurn(async () => await far.delete(thread)),
    deleteCheckpoints: async (thread, checkpoints) =>
      await steps.inTurn(async () => await far.deleteCheckpoints(thread, checkpoints)),
    sweep: async (now) => await steps.inTurn(async () => await far.sweep(now)),
  };
}
