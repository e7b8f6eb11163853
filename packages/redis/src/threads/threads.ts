import type { ThreadRef, Threads } from "@memcube/core";

import type { Argument, RedisConnection } from "../connection/connection.ts";
import { escapePart } from "../members.ts";
import type { ArgumentWriter } from "./argument-writer.ts";
import { deleteThread } from "./delete-thread.ts";
import { listCheckpoints } from "./list-checkpoints.ts";
import { listThreads } from "./list-threads.ts";
import { NewestCheckpoints } from "./newest-checkpoints.ts";
import { addCheckpoint, addWrite, placeOf, unpackPage } from "./packed-thread.ts";
import { StoredChunks } from "./stored-chunks.ts";
import { sweepThreads } from "./sweep-threads.ts";
import { threadKeys } from "./thread-keys.ts";
import { writeThread } from "./write-thread.ts";

/**
 * The threads port. A thread is up to three keys in a slot of its own: what was written last, pages of
 * what was before, and their set; what shares state between its checkpoints is stored once, by hash.
 *
 * `put` and `putWrites` are one script each, which says in the list of the owner's threads and of those
 * that expire that the thread is used. In a cluster these lie elsewhere: they are written first, in the
 * same pipeline, so that a crash between leaves an entry of a thread that is not there, never a thread that
 * no list has. `get`, `list`, `lineage` and `delete` are one script, `threads` one script and one HGET per
 * thread of the page, `sweep` one script per expired thread; in a cluster `delete` and `sweep` are up to five
 * calls. None depends on how much else there is.
 */
export function redisThreads(connection: RedisConnection): Threads {
  const { keys } = connection;
  const stored = new StoredChunks();
  const newest = new NewestCheckpoints(connection);
  const read = async (
    script: "get-checkpoint" | "read-lineage",
    thread: ThreadRef,
    args: readonly Argument[],
  ) => unpackPage(await connection.run(script, threadKeys(keys, thread), args, { buffers: true }));

  return {
    put: async (thread, { checkpoint, chunks, now, expiresAt }) => {
      const add = (writer: ArgumentWriter): void => addCheckpoint(writer, checkpoint);
      const own = threadKeys(keys, thread);
      const step = { own, now, expiresAt, add, needs: [checkpoint.chunks], chunks };
      await writeThread(connection, stored, thread, { script: "put-checkpoint", ...step });
      newest.learn(own[0], checkpoint, false);
    },
    putWrites: async (thread, { namespace, checkpointId, writes, chunks, now, expiresAt }) => {
      const place = placeOf({ namespace, id: checkpointId });
      const own = threadKeys(keys, thread);
      newest.learn(own[0], { namespace, id: checkpointId }, true);
      const add = (writer: ArgumentWriter): void => {
        writer.text(place);
        for (const write of writes) addWrite(writer, place, write);
      };
      const needs = writes.map((write) => write.chunks);
      const step = { own, now, expiresAt, add, needs, chunks };
      await writeThread(connection, stored, thread, { script: "put-writes", ...step });
    },
    get: async (thread, { namespace, id, now, withoutChunks = false }) => {
      const [recent] = threadKeys(keys, thread);
      if (withoutChunks) {
        const found = await newest.read(recent, { namespace, id, now });
        if (found !== "unsure") return found && { ...found, chunks: new Map() };
      }
      const place = [escapePart(namespace), id === undefined ? "" : escapePart(id)];
      const args = [String(now), ...place, partsOf(withoutChunks)];
      const { items, chunks } = await read("get-checkpoint", thread, args);
      const [item] = items;
      if (item === undefined) return undefined;
      if (id === undefined) newest.learn(recent, item.checkpoint, item.writes.length > 0);
      return { ...item, chunks };
    },
    lineage: async (thread, { limit, now, withoutChunks = false, ...place }) => {
      const args = [String(now), placeOf(place), String(limit), partsOf(withoutChunks)];
      return await read("read-lineage", thread, args);
    },
    list: (thread, query) => listCheckpoints(connection, thread, query),
    threads: (query) => listThreads(connection, query),
    delete: async (thread) => {
      const deleted = await deleteThread(connection, thread);
      stored.forget(threadKeys(keys, thread)[0]);
      return deleted;
    },
    deleteCheckpoints: async (thread, checkpoints) => {
      const args = [stored.nextStamp(), ...checkpoints.map(placeOf)];
      await connection.run("delete-checkpoints", threadKeys(keys, thread), args);
    },
    sweep: (now) => sweepThreads(connection, now),
  };
}

/** What a reply is to have, as thread.reply of scripts/modules/thread.lua names it. */
function partsOf(withoutChunks: boolean): string {
  return withoutChunks ? "writes" : "all";
}
