import type { ThreadRef } from "@memcube/core";

import type { RedisConnection } from "../connection/connection.ts";
import { listOf, numberOf, textOf } from "../replies.ts";
import { ownerKey, threadKeys } from "./thread-keys.ts";

interface Deleted {
  readonly outcome: "deleted" | "none" | "kept";
  /** When a kept one expires, as text; "" when it does not. */
  readonly expires: string;
}

/**
 * Deletes a thread and takes it out of its owner's list, unless a put has begun it anew meanwhile.
 * @param expiredBy only when it has expired by then
 */
export async function deleteThread(
  connection: RedisConnection,
  thread: ThreadRef,
  expiredBy?: number,
): Promise<Deleted> {
  const { keys } = connection;
  const used = ownerKey(keys, thread);
  const usedAt = await connection.send(used, ["ZSCORE", used, thread.threadId]);
  const time = expiredBy === undefined ? "" : String(expiredBy);
  const reply = await connection.run("delete-thread", threadKeys(keys, thread), [time]);
  const [outcome = "", expires = ""] = listOf(reply).map(textOf);
  if (outcome === "kept") return { outcome, expires };
  if (usedAt !== null && usedAt !== undefined)
    await connection.run("settle-score", [used], [thread.threadId, String(numberOf(usedAt)), ""]);
  return { outcome: outcome === "deleted" ? outcome : "none", expires };
}
