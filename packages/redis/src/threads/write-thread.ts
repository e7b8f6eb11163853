import { MemCubeError, type ThreadChunk, type ThreadRef } from "@memcube/core";

import type { Argument, RedisConnection, Reply } from "../connection/connection.ts";
import { textOf } from "../replies.ts";
import { ArgumentWriter } from "./argument-writer.ts";
import { addNames } from "./packed-names.ts";
import { addChunk } from "./packed-thread.ts";
import type { KnownThread, StoredChunks } from "./stored-chunks.ts";
import { expiryKey, ownerKey, type threadKeys, threadMember } from "./thread-keys.ts";

/** One write to a thread. */
export interface ThreadStep {
  readonly script: "put-checkpoint" | "put-writes";
  /** Keys of the thread. */
  readonly own: ReturnType<typeof threadKeys>;
  readonly now: number;
  readonly expiresAt?: number;
  /** Adds the script's own arguments, which stand before those of the chunks. */
  readonly add: (writer: ArgumentWriter) => void;
  /** Chunks that what is written needs. */
  readonly needs: readonly (readonly string[])[];
  readonly chunks: readonly ThreadChunk[];
}

/** `Threads.put` and `putWrites`. @throws MemCubeError `MEMCUBE_INVALID_INPUT` where a chunk is missing */
export async function writeThread(
  connection: RedisConnection,
  stored: StoredChunks,
  thread: ThreadRef,
  step: ThreadStep,
): Promise<void> {
  connection.checkOpen();
  const { script, own, now, expiresAt, add, needs, chunks } = step;
  const { keys, server } = connection;
  const used: List = { key: ownerKey(keys, thread), score: String(now), member: thread.threadId };
  const expiry: List | undefined =
    expiresAt === undefined
      ? undefined
      : { key: expiryKey(keys), score: String(expiresAt), member: threadMember(thread) };
  const known = stored.of(own[0]);
  const stamp = stored.nextStamp();
  const unknown = unknownOf(known, needs, chunks);
  const writer = new ArgumentWriter();
  writer.text(used.score);
  writer.text(expiry?.score ?? "");
  writer.text(known.stamp);
  writer.text(stamp);
  if (known.stamp !== "") addNames(writer, unknown);
  writer.end();
  writer.text(used.member);
  writer.text(expiry?.member ?? "");
  add(writer);
  for (const chunk of chunks) addChunk(writer, chunk);
  const lists = expiry === undefined ? [used] : [used, expiry];
  const args = writer.finish();
  const reply = server.isCluster
    ? await announced(connection, lists, () => connection.run(script, own, args))
    : await connection.run(script, [...own, ...lists.map(({ key }) => key)], args);
  const outcome = textOf(reply);
  if (outcome === "missing") {
    const why = "A chunk is neither stored nor given.";
    throw new MemCubeError("MEMCUBE_INVALID_INPUT", why);
  }
  // Of what was replaced, chunks may be gone.
  if (outcome === "replaced") {
    stored.forget(own[0]);
  } else {
    for (const { hash } of chunks) unknown.push(hash);
    stored.learn(own[0], { stamp, before: outcome.slice(STORED.length), names: unknown });
  }
}

const STORED = "stored ";

/** A list that says of a thread when it was used, or when it expires. */
interface List {
  readonly key: string;
  readonly score: string;
  readonly member: string;
}

/** Says in the lists that the thread is used, then, in the same pipeline, uses it. */
async function announced(
  connection: RedisConnection,
  lists: readonly List[],
  use: () => Promise<Reply>,
): Promise<Reply> {
  const said = lists.map(({ key, score, member }, at) => {
    const entry: readonly Argument[] = at === 0 ? ["GT", score, member] : [score, member];
    return connection.send(key, ["ZADD", key, ...entry]);
  });
  const [reply] = await Promise.all([use(), ...said]);
  return reply;
}

/** Names of chunks that are needed, not given, and not known to be stored. */
function unknownOf(
  { names }: KnownThread,
  needs: readonly (readonly string[])[],
  chunks: readonly ThreadChunk[],
): string[] {
  const unknown: string[] = [];
  const look = (list: readonly string[]): void => {
    for (const name of list) if (!names.has(name)) unknown.push(name);
  };
  for (const list of needs) look(list);
  for (const chunk of chunks) look(chunk.needs);
  if (unknown.length === 0 || chunks.length === 0) return unknown;
  const given = new Set(chunks.map(({ hash }) => hash));
  return unknown.filter((name) => !given.has(name));
}
