import type { ThreadChunk, Threads } from "@memcube/core";

import type { NearDatabase } from "../near-database.ts";
import { putIfNew } from "../worker/commands/threads/put.ts";
import { putWritesInto } from "../worker/commands/threads/put-writes.ts";
import { getCheckpoint, getLineage, listCheckpoints } from "../worker/commands/threads/read.ts";

/** What is larger goes to the thread: it would hold up the event loop. */
const NEAR_BYTES = 65_536;
const NEAR_CHUNKS = 256;

/** Checkpoints that are read at once. */
const NEAR_READS = 64;

/**
 * Pages written here before the thread is given its turn, about as many as make it copy the log into
 * the file after its own commit.
 */
const NEAR_PAGES = 6_000;

/** Pages that a step writes whatever it holds: thread, checkpoint, chunk, and their indexes. */
const STEP_PAGES = 7;
const PAGE_BYTES = 4_096;

/** In its turn the thread gets two: one after which it copies the log, one that begins it anew. */
const TURN = 2;

/**
 * The threads port with small steps taken in the caller's thread. Steps keep their order: while the
 * other thread has any to do, what comes goes there, too.
 *
 * @param far the port in the other thread
 * @param checkOpen throws when the storage is closed or broken
 */
export function nearThreads(far: Threads, near: NearDatabase, checkOpen: () => void): Threads {
  let waiting = 0;
  let pages = 0;
  let turn = 0;

  const farWrite = async <T>(write: () => Promise<T>): Promise<T> => {
    if (turn > 0) turn -= 1;
    waiting += 1;
    try {
      return await write();
    } finally {
      waiting -= 1;
    }
  };

  /** Whether a step that holds this is taken here. */
  const mayWrite = (
    values: readonly { readonly value: Uint8Array }[],
    chunks: readonly ThreadChunk[],
  ): boolean => {
    checkOpen();
    if (waiting > 0 || turn > 0 || chunks.length > NEAR_CHUNKS) return false;
    let size = 0;
    for (const { value } of values) size += value.length;
    for (const { bytes } of chunks) size += bytes.length;
    if (size > NEAR_BYTES) return false;
    pages += STEP_PAGES + Math.ceil(size / PAGE_BYTES);
    if (pages < NEAR_PAGES) return true;
    pages = 0;
    turn = TURN;
    return false;
  };

  return {
    ...far,
    put: async (thread, step) => {
      const isNear = mayWrite([step.checkpoint], step.chunks);
      const isWritten = isNear && near.write((db) => putIfNew(db, { thread, ...step }));
      if (isWritten && (await near.settle())) return;
      await farWrite(async () => await far.put(thread, step));
    },
    putWrites: async (thread, step) => {
      const isNear = mayWrite(step.writes, step.chunks);
      const isWritten = isNear && near.write((db) => putWritesInto(db, { thread, ...step }));
      if (isWritten && (await near.settle())) return;
      await farWrite(async () => await far.putWrites(thread, step));
    },
    get: async (thread, query) => {
      checkOpen();
      // Chunks may be many, and large.
      const read = query.withoutChunks
        ? near.read((db) => getCheckpoint({ db }, { thread, ...query }))
        : undefined;
      return read === undefined ? await far.get(thread, query) : read.value;
    },
    list: async (thread, query) => {
      checkOpen();
      const read =
        query.bare === true && query.limit <= NEAR_READS
          ? near.read((db) => listCheckpoints({ db }, { thread, ...query }))
          : undefined;
      return read === undefined ? await far.list(thread, query) : read.value;
    },
    lineage: async (thread, query) => {
      checkOpen();
      const read =
        query.withoutChunks === true && query.limit <= NEAR_READS
          ? near.read((db) => getLineage({ db }, { thread, ...query }))
          : undefined;
      return read === undefined ? await far.lineage(thread, query) : read.value;
    },
    delete: async (thread) => await farWrite(async () => await far.delete(thread)),
    deleteCheckpoints: async (thread, checkpoints) =>
      await farWrite(async () => await far.deleteCheckpoints(thread, checkpoints)),
    sweep: async (now) => await farWrite(async () => await far.sweep(now)),
  };
}
