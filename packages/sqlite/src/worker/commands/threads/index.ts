import type { Context } from "../../context.ts";
import { deleteCheckpoints, deleteThread, sweepThreads } from "./delete.ts";
import { firstWaiting, layOutAll, logStep, type ThreadPlace } from "./journal.ts";
import type { LoggedStep } from "./logged-step.ts";
import { getCheckpoint, getLineage, listCheckpoints } from "./read.ts";
import { putCheckpoint } from "./put.ts";
import { putWrites } from "./put-writes.ts";
import { listThreads } from "./thread-records.ts";

export const THREAD_READS = {
  "threads.get": getCheckpoint,
  "threads.list": listCheckpoints,
  "threads.lineage": getLineage,
  "threads.threads": listThreads,
  /** Whether any step waits to be laid out: other reads don't see it. */
  "threads.waits": ({ db }: Context): boolean => firstWaiting(db) !== undefined,
};

export interface LogInput {
  readonly place: ThreadPlace;
  readonly step: LoggedStep;
}

/** Writes see, and remove, what was logged before. */
function afterJournal<Input, Value>(run: (context: Context, input: Input) => Value) {
  return (context: Context, input: Input): Value => {
    layOutAll(context);
    return run(context, input);
  };
}

export const THREAD_WRITES = {
  "threads.put": afterJournal(putCheckpoint),
  "threads.putWrites": afterJournal(putWrites),
  "threads.delete": afterJournal(deleteThread),
  "threads.deleteCheckpoints": afterJournal(deleteCheckpoints),
  "threads.sweep": afterJournal(sweepThreads),
  /** Logs a step that met a lock in the caller's thread; false when the thread is not what it was. */
  "threads.log": ({ db }: Context, { place, step }: LogInput): boolean => logStep(db, place, step),
  "threads.layOut": (context: Context, _input: undefined): void => layOutAll(context),
};
