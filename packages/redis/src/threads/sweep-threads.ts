import type { ThreadRef } from "@memcube/core";
import { z } from "zod";

import type { RedisConnection, Reply } from "../connection/connection.ts";
import { damaged, listOf, numberOf, rowsOf, textOf } from "../replies.ts";
import { deleteThread } from "./delete-thread.ts";
import { expiryKey } from "./thread-keys.ts";

/** Threads looked at in one round: each round removes them from the list or sets their time anew. */
const ROUND = 64;

/** `Threads.sweep`. Ends, as each round leaves fewer that are due by `now`. */
export async function sweepThreads(connection: RedisConnection, now: number): Promise<number> {
  const key = expiryKey(connection.keys);
  let swept = 0;
  for (;;) {
    const range = [
      "ZRANGEBYSCORE",
      key,
      "-inf",
      String(now),
      "WITHSCORES",
      "LIMIT",
      "0",
      `${ROUND}`,
    ];
    const due = dueThreads(await connection.send(key, range));
    const outcomes = await Promise.all(due.map((thread) => sweepOne(connection, thread, now)));
    swept += outcomes.filter((deleted) => deleted).length;
    if (due.length < ROUND) return swept;
  }
}

interface DueThread {
  readonly member: string;
  readonly expiresAt: number;
}

/** Whether it deleted a thread. One that another sweep or a put got at meanwhile is left to that. */
async function sweepOne(
  connection: RedisConnection,
  { member, expiresAt }: DueThread,
  now: number,
): Promise<boolean> {
  const { outcome, expires } = await deleteThread(connection, threadOf(member), now);
  const settled = [member, String(expiresAt), outcome === "kept" ? expires : ""];
  await connection.run("settle-score", [expiryKey(connection.keys)], settled);
  return outcome === "deleted";
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

/** Member and score, in pairs or flat, as the protocol's version has it. */
function dueThreads(reply: Reply): DueThread[] {
  const list = listOf(reply);
  const rows = Array.isArray(list[0]) ? list.map(listOf) : rowsOf(list, 2);
  return rows.map(([member, score]) => ({ member: textOf(member), expiresAt: numberOf(score) }));
}
