import { MemCubeError, type ThreadRef, type Threads } from "@memcube/core";

import type { Argument, RedisConnection } from "../connection/connection.ts";
import { escapePart } from "../members.ts";
import { listOf, numberOf, textOf } from "../replies.ts";
import { deleteThread } from "./delete-thread.ts";
import { listCheckpoints } from "./list-checkpoints.ts";
import { listThreads } from "./list-threads.ts";
import { packCheckpoint, packChunk, packWrite, placeOf, unpackPage } from "./packed-thread.ts";
import { sweepThreads } from "./sweep-threads.ts";
import { expiryKey, ownerKey, threadKeys, threadMember } from "./thread-keys.ts";

/**
 * The threads port. A thread is one hash and one sorted set in a slot of its own, in which small entries
 * share pages; what shares state between its checkpoints is stored once, by hash. The list of an owner's
 * threads and the list of those that expire lie elsewhere and are written first: a crash between leaves
 * an entry of a thread that is not there, never a thread that no list has.
 *
 * `put`, `putWrites`, `get`, `list`, `lineage` and `delete` are one script each (`put` and `putWrites` in
 * one pipeline with one ZADD per list), `threads` one script and one HGET per thread of the page,
 * `sweep` three calls per expired thread. None depends on how much else there is.
 */
export function redisThreads(connection: RedisConnection): Threads {
  const { keys } = connection;
  /** Says in the lists that a thread is used; before the use itself. */
  const announce = (thread: ThreadRef, now: number, expiresAt?: number): Promise<unknown>[] => {
    const used = ownerKey(keys, thread);
    const calls = [connection.send(used, ["ZADD", used, "GT", String(now), thread.threadId])];
    if (expiresAt === undefined) return calls;
    const expiry = expiryKey(keys);
    const entry = [String(expiresAt), threadMember(thread)];
    return [...calls, connection.send(expiry, ["ZADD", expiry, ...entry])];
  };

  const write = async (
    script: "put-checkpoint" | "put-writes",
    thread: ThreadRef,
    step: {
      readonly now: number;
      readonly expiresAt: number | undefined;
      readonly args: readonly Argument[];
    },
  ): Promise<void> => {
    connection.checkOpen();
    const { now, expiresAt } = step;
    const args = [String(now), expiresAt === undefined ? "" : String(expiresAt), ...step.args];
    const listed = announce(thread, now, expiresAt);
    const written = connection.run(script, threadKeys(keys, thread), args);
    const [outcome] = listOf((await Promise.all([written, ...listed]))[0]);
    if (textOf(outcome) === "stored") return;
    const why = "A chunk is neither stored nor given.";
    throw new MemCubeError("MEMCUBE_INVALID_INPUT", why);
  };
  const read = async (
    script: "get-checkpoint" | "read-lineage",
    thread: ThreadRef,
    args: readonly Argument[],
  ) => unpackPage(await connection.run(script, threadKeys(keys, thread), args, { buffers: true }));

  return {
    put: async (thread, { checkpoint, chunks, now, expiresAt }) => {
      const place = placeOf(checkpoint);
      const args = [place, ...packCheckpoint(checkpoint), ...chunks.flatMap(packChunk)];
      await write("put-checkpoint", thread, { now, expiresAt, args });
    },
    putWrites: async (thread, { namespace, checkpointId, writes, chunks, now, expiresAt }) => {
      const args = [
        placeOf({ namespace, id: checkpointId }),
        String(writes.length),
        ...writes.flatMap(packWrite),
        ...chunks.flatMap(packChunk),
      ];
      await write("put-writes", thread, { now, expiresAt, args });
    },
    get: async (thread, { namespace, id, now, withoutChunks = false }) => {
      const place = [escapePart(namespace), id === undefined ? "" : escapePart(id)];
      const args = [...place, partsOf(withoutChunks)];
      const { items, chunks } = await read("get-checkpoint", thread, [String(now), ...args]);
      return items[0] && { ...items[0], chunks };
    },
    lineage: async (thread, { limit, now, withoutChunks = false, ...place }) => {
      const args = [String(now), placeOf(place), String(limit), partsOf(withoutChunks)];
      return await read("read-lineage", thread, args);
    },
    list: (thread, query) => listCheckpoints(connection, thread, query),
    threads: (query) => listThreads(connection, query),
    delete: async (thread) => {
      const expiry = expiryKey(keys);
      const member = threadMember(thread);
      const [expiresAt, { outcome }] = await Promise.all([
        connection.send(expiry, ["ZSCORE", expiry, member]),
        deleteThread(connection, thread),
      ]);
      if (expiresAt !== null && expiresAt !== undefined)
        await connection.run("settle-score", [expiry], [member, String(numberOf(expiresAt)), ""]);
      return outcome === "deleted";
    },
    deleteCheckpoints: async (thread, checkpoints) => {
      const places = checkpoints.map(placeOf);
      await connection.run("delete-checkpoints", threadKeys(keys, thread), places);
    },
    sweep: (now) => sweepThreads(connection, now),
  };
}

/** What a reply is to have, as thread.reply of scripts/modules/thread.lua names it. */
function partsOf(withoutChunks: boolean): string {
  return withoutChunks ? "writes" : "all";
}
