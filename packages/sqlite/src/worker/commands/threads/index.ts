import type { ThreadRef } from "@memcube/core";

import type { Connection } from "../../connection.ts";
import type { Context } from "../../context.ts";
import { deleteCheckpoints, deleteThread, sweepThreads } from "./delete.ts";
import { anyWaits, layOutAll, layOutThread, logStep, type ThreadPlace } from "./journal.ts";
import type { LoggedStep } from "./logged-step.ts";
import { getCheckpoint, getLineage, listCheckpoints } from "./read.ts";
import { putCheckpoint } from "./put.ts";
import { putWrites } from "./put-writes.ts";
import { listThreads } from "./thread-records.ts";
import { findThread } from "./thread-row.ts";

export const THREAD_READS = {
  "threads.get": getCheckpoint,
  "threads.list": listCheckpoints,
  "threads.lineage": getLineage,
  "threads.threads": listThreads,
  /** Whether any step waits to be laid out: other reads don't see it. */
  "threads.waits": ({ db }: Context): boolean => anyWaits(db),
};

export interface LogInput {
  readonly place: ThreadPlace;
  readonly step: LoggedStep;
}

interface OfThread {
  readonly thread: ThreadRef;
}

/** After what was logged of the thread before. */
function afterSteps<Input extends OfThread, Value>(run: (context: Context, input: Input) => Value) {
  return (context: Context, input: Input): Value => {
    layOutOf(context.db, input.thread);
    return run(context, input);
  };
}

function layOutOf(db: Connection, ref: ThreadRef): void {
  const thread = findThread(db, ref);
  if (thread !== undefined) layOutThread(db, thread);
}

export const THREAD_WRITES = {
  "threads.put": afterSteps(putCheckpoint),
  "threads.putWrites": afterSteps(putWrites),
  "threads.delete": deleteThread,
  "threads.deleteCheckpoints": afterSteps(deleteCheckpoints),
  "threads.sweep": sweepThreads,
  /** Logs a step that met a lock in the caller's thread; false when the thread is not what it was. */
  "threads.log": ({ db }: Context, { place, step }: LogInput): boolean => logStep(db, place, step),
  "threads.layOut": ({ db }: Context, ref: ThreadRef | undefined): void =>
    ref === undefined ? layOutAll(db) : layOutOf(db, ref),
};
