import type { ThreadRef } from "@memcube/core";

import type { RedisConnection } from "../connection/connection.ts";
import { listOf, numberOf, textOf } from "../replies.ts";
import { settleScore } from "./settle-score.ts";
import { expiryKey, ownerKey, threadKeys, threadMember } from "./thread-keys.ts";

/**
 * Deletes a thread and takes it out of the lists, unless a put has begun it anew meanwhile. One that is kept
 * since it has not expired is listed with the time at which it does.
 *
 * @param expiredBy only when it has expired by then
 * @returns whether it was deleted
 */
export async function deleteThread(
  connection: RedisConnection,
  thread: ThreadRef,
  expiredBy?: number,
): Promise<boolean> {
  const { keys, server } = connection;
  const own = threadKeys(keys, thread);
  const used = { key: ownerKey(keys, thread), member: thread.threadId };
  const expiry = { key: expiryKey(keys), member: threadMember(thread) };
  const args = [expiredBy === undefined ? "" : String(expiredBy), used.member, expiry.member];
  if (!server.isCluster) {
    const reply = await connection.run("delete-thread", [...own, used.key, expiry.key], args);
    return textOf(listOf(reply)[0]) === "deleted";
  }
  // The lists lie elsewhere: what is taken out is what was there before, not what a put has said since.
  const [usedAt, expiresAt] = await Promise.all(
    [used, expiry].map(async ({ key, member }) => {
      const score = await connection.send(key, ["ZSCORE", key, member]);
      return score === null || score === undefined ? undefined : numberOf(score);
    }),
  );
  const reply = listOf(await connection.run("delete-thread", own, args));
  const [outcome, expires = ""] = reply.map(textOf);
  if (outcome !== "kept" && usedAt !== undefined)
    await settleScore(connection, { ...used, found: usedAt });
  if (expiresAt !== undefined)
    await settleScore(connection, { ...expiry, found: expiresAt, score: expires });
  return outcome === "deleted";
}
