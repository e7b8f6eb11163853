import { MemCubeError, type Page, type Principal, type ThreadRecord } from "@memcube/core";

import type { RedisConnection, Reply } from "../connection/connection.ts";
import { numberOf, rowsOf, textOf } from "../replies.ts";
import { unpackRecord } from "./packed-record.ts";
import { settleScore } from "./settle-score.ts";
import { ownerKey, threadKeys } from "./thread-keys.ts";

interface ThreadsQuery {
  readonly tenantId: string;
  readonly owner: Principal;
  readonly limit: number;
  readonly cursor?: string;
  readonly now: number;
}

/** An entry whose thread is not there goes after so long: until then its put may still be under way. */
const STALE_MS = 3_600_000;

/** Pages of the list looked through for one page of threads that have not expired. */
const SCANS = 8;

interface Entry {
  readonly threadId: string;
  readonly usedAt: number;
}

/** `Threads.threads`. A page may be short of `limit` where many threads expired and were not swept. */
export async function listThreads(
  connection: RedisConnection,
  query: ThreadsQuery,
): Promise<Page<ThreadRecord>> {
  const key = ownerKey(connection.keys, query);
  const items: ThreadRecord[] = [];
  let last = query.cursor === undefined ? undefined : readCursor(query.cursor);
  for (let scan = 0; scan < SCANS && items.length < query.limit; scan += 1) {
    const wanted = query.limit - items.length;
    const after = last === undefined ? ["", ""] : [String(last.usedAt), last.threadId];
    const reply = await connection.run("list-threads", [key], [String(wanted + 1), ...after]);
    const entries = rowsOf(reply, 2).map(entryOf);
    const page = entries.slice(0, wanted);
    items.push(...(await recordsOf(connection, key, query, page)));
    last = page.at(-1) ?? last;
    if (entries.length <= wanted) return { items };
  }
  return last === undefined
    ? { items }
    : { items, cursor: JSON.stringify([last.usedAt, last.threadId]) };
}

async function recordsOf(
  connection: RedisConnection,
  key: string,
  query: ThreadsQuery,
  entries: readonly Entry[],
): Promise<ThreadRecord[]> {
  const found = await Promise.all(
    entries.map(async ({ threadId, usedAt }) => {
      const [recent] = threadKeys(connection.keys, { ...query, threadId });
      const record = await connection.send(recent, ["HGET", recent, "m"], { buffers: true });
      if (Buffer.isBuffer(record)) {
        const { paged: _paged, ...shown } = unpackRecord(record);
        return [{ threadId, owner: query.owner, ...shown }];
      }
      if (usedAt < query.now - STALE_MS)
        await settleScore(connection, { key, member: threadId, found: usedAt });
      return [];
    }),
  );
  return found.flat().filter(({ expiresAt = Infinity }) => expiresAt > query.now);
}

function entryOf([threadId, usedAt]: readonly Reply[]): Entry {
  return { threadId: textOf(threadId), usedAt: numberOf(usedAt) };
}

/** @throws MemCubeError `MEMCUBE_INVALID_INPUT` */
function readCursor(cursor: string): Entry {
  const parts = /^\[(\d+),(".*")\]$/su.exec(cursor);
  try {
    const threadId: unknown = JSON.parse(parts?.[2] ?? "");
    if (typeof threadId === "string") return { usedAt: Number(parts?.[1]), threadId };
  } catch (cause) {
    throw new MemCubeError("MEMCUBE_INVALID_INPUT", "Not a cursor of this listing.", { cause });
  }
  throw new MemCubeError("MEMCUBE_INVALID_INPUT", "Not a cursor of this listing.");
}
