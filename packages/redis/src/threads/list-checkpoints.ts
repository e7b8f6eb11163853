import { type Checkpoint, MemCubeError, type Page, type ThreadRef } from "@memcube/core";

import type { RedisConnection } from "../connection/connection.ts";
import { escapePart } from "../members.ts";
import { bytesOf, rowsOf } from "../replies.ts";
import { unpackCheckpoint } from "./packed.ts";
import { threadKeys } from "./thread-keys.ts";

interface ListQuery {
  readonly namespace?: string;
  readonly before?: string;
  readonly limit: number;
  readonly cursor?: string;
  readonly now: number;
}

/** `Threads.list`: by id, then by namespace, backwards. Cursors are members, in base64. */
export async function listCheckpoints(
  connection: RedisConnection,
  thread: ThreadRef,
  { namespace, before, limit, cursor, now }: ListQuery,
): Promise<Page<Checkpoint>> {
  const order = namespace === undefined ? "i" : `n${escapePart(namespace)}\0`;
  const uppers = [
    namespace === undefined ? "(j" : `(n${escapePart(namespace)}\u0001`,
    ...(before === undefined ? [] : [`(${order}${escapePart(before)}`]),
    ...(cursor === undefined ? [] : [`(${readCursor(cursor, order)}`]),
  ];
  const upper = uppers.reduce((a, b) =>
    Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0 ? a : b,
  );
  const args = [String(now), upper, `[${order}`, String(limit + 1)];
  const options = { buffers: true };
  const reply = await connection.run(
    "list-checkpoints",
    threadKeys(connection.keys, thread),
    args,
    options,
  );
  const rows = rowsOf(reply, 2).map(([member, packed]) => ({
    member: bytesOf(member),
    checkpoint: unpackCheckpoint(bytesOf(packed)),
  }));
  const page = rows.slice(0, limit);
  const items = page.map(({ checkpoint }) => checkpoint);
  const last = page.at(-1);
  return rows.length > limit && last !== undefined
    ? { items, cursor: last.member.toString("base64url") }
    : { items };
}

/** @throws MemCubeError `MEMCUBE_INVALID_INPUT` */
function readCursor(cursor: string, order: string): string {
  const member = Buffer.from(cursor, "base64url").toString();
  if (member.startsWith(order)) return member;
  throw new MemCubeError("MEMCUBE_INVALID_INPUT", "Not a cursor of this listing.");
}
