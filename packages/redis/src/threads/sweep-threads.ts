import type { ThreadRef } from "@memcube/core";
import { z } from "zod";

import type { RedisConnection } from "../connection/connection.ts";
import { damaged, listOf, textOf } from "../replies.ts";
import { deleteThread } from "./delete-thread.ts";
import { expiryKey } from "./thread-keys.ts";

/** Threads looked at in one round: each round removes them from the list or sets their time anew. */
const ROUND = 64;

/** `Threads.sweep`. Ends, as each round leaves fewer that are due by `now`. */
export async function sweepThreads(connection: RedisConnection, now: number): Promise<number> {
  const key = expiryKey(connection.keys);
  let swept = 0;
  for (;;) {
    const range = ["ZRANGEBYSCORE", key, "-inf", String(now), "LIMIT", "0", `${ROUND}`];
    const due = listOf(await connection.send(key, range)).map((member) => threadOf(textOf(member)));
    // One that another sweep or a put got at meanwhile is left to that.
    const outcomes = await Promise.all(due.map((thread) => deleteThread(connection, thread, now)));
    swept += outcomes.filter((deleted) => deleted).length;
    if (due.length < ROUND) return swept;
  }
}

const memberSchema = z.tuple([z.string(), z.custom<ThreadRef["owner"]>(), z.string()]);

function threadOf(member: string): ThreadRef {
  try {
    const [tenantId, owner, threadId] = memberSchema.parse(JSON.parse(member));
    return { tenantId, owner, threadId };
  } catch (cause) {
    throw damaged("no thread", cause);
  }
}
