import { deleteCheckpoints, deleteThread, sweepThreads } from "./delete.ts";
import { getCheckpoint, getLineage, listCheckpoints } from "./read.ts";
import { putCheckpoint } from "./put.ts";
import { putWrites } from "./put-writes.ts";
import { listThreads } from "./thread-records.ts";

export const THREAD_READS = {
  "threads.get": getCheckpoint,
  "threads.list": listCheckpoints,
  "threads.lineage": getLineage,
  "threads.threads": listThreads,
};

export const THREAD_WRITES = {
  "threads.put": putCheckpoint,
  "threads.putWrites": putWrites,
  "threads.delete": deleteThread,
  "threads.deleteCheckpoints": deleteCheckpoints,
  "threads.sweep": sweepThreads,
};
