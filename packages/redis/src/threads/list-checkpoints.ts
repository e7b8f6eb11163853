import { type CheckpointPage, MemCubeError, type ThreadRef } from "@memcube/core";

import type { RedisConnection } from "../connection/connection.ts";
import { escapePart } from "../members.ts";
import { unpackPage } from "./packed-thread.ts";
import { threadKeys } from "./thread-keys.ts";

interface ListQuery {
  readonly namespace?: string;
  readonly before?: string;
  readonly bare?: boolean;
  readonly limit: number;
  readonly cursor?: string;
  readonly now: number;
}

/** `Threads.list`. Cursors are id and namespace of the last one returned, as JSON. */
export async function listCheckpoints(
  connection: RedisConnection,
  thread: ThreadRef,
  { namespace, before, bare = false, limit, cursor, now }: ListQuery,
): Promise<CheckpointPage> {
  const args = [
    String(now),
    String(limit + 1),
    bare ? "bare" : "all",
    ...optional(namespace),
    ...optional(before),
    ...(cursor === undefined ? ["", "", ""] : ["1", ...readCursor(cursor).map(escapePart)]),
  ];
  const keys = threadKeys(connection.keys, thread);
  const reply = await connection.run("list-checkpoints", keys, args, { buffers: true });
  const { items, chunks } = unpackPage(reply);
  const page = items.slice(0, limit);
  const last = page.at(-1)?.checkpoint;
  return items.length > limit && last !== undefined
    ? { items: page, chunks, cursor: JSON.stringify([last.id, last.namespace]) }
    : { items: page, chunks };
}

function optional(part: string | undefined): readonly [string, string] {
  return part === undefined ? ["", ""] : ["1", escapePart(part)];
}

/** @throws MemCubeError `MEMCUBE_INVALID_INPUT` */
function readCursor(cursor: string): readonly string[] {
  try {
    const parts: unknown = JSON.parse(cursor);
    const isPair = Array.isArray(parts) && parts.length === 2;
    if (isPair && parts.every((part) => typeof part === "string")) return parts;
  } catch (cause) {
    throw new MemCubeError("MEMCUBE_INVALID_INPUT", "Not a cursor of this listing.", { cause });
  }
  throw new MemCubeError("MEMCUBE_INVALID_INPUT", "Not a cursor of this listing.");
}
