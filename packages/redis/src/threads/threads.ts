import { MemCubeError, type ThreadRef, type Threads } from "@memcube/core";

import type { RedisConnection } from "../connection/connection.ts";
import { escapePart, memberOf } from "../members.ts";
import { bytesOf, listOf, numberOf, textOf } from "../replies.ts";
import { deleteThread } from "./delete-thread.ts";
import { listCheckpoints } from "./list-checkpoints.ts";
import { listThreads } from "./list-threads.ts";
import { packCheckpoint, packWrite, unpackCheckpoint, unpackWrite } from "./packed.ts";
import { sweepThreads } from "./sweep-threads.ts";
import {
  checkpointPlaces,
  expiryKey,
  ownerKey,
  threadKeys,
  threadMember,
  writePlace,
} from "./thread-keys.ts";

/** Chunks one command reads, so that a reply stays within some megabytes as a rule. */
const READ_BATCH = 256;

/**
 * The threads port. A thread is one hash and one sorted set in a slot of its own; what shares state
 * between its checkpoints is stored once, by hash, and counted. The list of an owner's threads and the
 * list of those that expire lie elsewhere and are written first: a crash between leaves an entry of a
 * thread that is not there, never a thread that no list has.
 *
 * `put`, `putWrites`, `get`, `list` and `delete` are one script each (`put` and `putWrites` in one
 * pipeline with one ZADD per list), `chunks` one HMGET per 256, `threads` one script and one HGET per
 * thread of the page, `sweep` three calls per expired thread. None depends on how much else there is.
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

  return {
    put: async (thread, { checkpoint, chunks, now, expiresAt }) => {
      connection.checkOpen();
      const args = [
        String(now),
        expiresAt === undefined ? "" : String(expiresAt),
        ...checkpointPlaces(checkpoint),
        packCheckpoint(checkpoint),
        String(checkpoint.chunks.length),
        ...checkpoint.chunks,
        ...chunks.flatMap(({ hash, bytes }) => [hash, Buffer.from(bytes)]),
      ];
      const listed = announce(thread, now, expiresAt);
      const put = connection.run("put-checkpoint", threadKeys(keys, thread), args);
      const [outcome, hash] = listOf((await Promise.all([put, ...listed]))[0]);
      if (textOf(outcome) === "stored") return;
      const why = "A chunk of the checkpoint is neither stored nor given.";
      throw new MemCubeError("MEMCUBE_INVALID_INPUT", why, { details: { hash: textOf(hash) } });
    },
    putWrites: async (thread, { namespace, checkpointId, writes, now }) => {
      connection.checkOpen();
      const place = memberOf(namespace, checkpointId);
      const args = writes.flatMap((write) => [writePlace(place, write), packWrite(write)]);
      const listed = announce(thread, now);
      const put = connection.run("put-writes", threadKeys(keys, thread), [String(now), ...args]);
      await Promise.all([put, ...listed]);
    },
    get: async (thread, { namespace, id, now }) => {
      const args = [String(now), escapePart(namespace), id === undefined ? "" : escapePart(id)];
      const options = { buffers: true };
      const found = await connection.run("get-checkpoint", threadKeys(keys, thread), args, options);
      const [checkpoint, ...writes] = listOf(found).map(bytesOf);
      if (checkpoint === undefined) return undefined;
      return { checkpoint: unpackCheckpoint(checkpoint), writes: writes.map(unpackWrite) };
    },
    chunks: async (thread, hashes) => {
      connection.checkOpen();
      const [key] = threadKeys(keys, thread);
      const found: (Uint8Array | undefined)[] = [];
      for (let at = 0; at < hashes.length; at += READ_BATCH) {
        const fields = hashes.slice(at, at + READ_BATCH).map((hash) => `k${hash}`);
        const reply = await connection.send(key, ["HMGET", key, ...fields], { buffers: true });
        for (const bytes of listOf(reply))
          found.push(bytes === null ? undefined : new Uint8Array(bytesOf(bytes)));
      }
      return found;
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
      connection.checkOpen();
      if (checkpoints.length === 0) return;
      const places = checkpoints.flatMap(checkpointPlaces);
      await connection.run("delete-checkpoints", threadKeys(keys, thread), places);
    },
    sweep: (now) => sweepThreads(connection, now),
  };
}
