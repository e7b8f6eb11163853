import type { CubeRef, LogEntry, Position } from "@memcube/core";

import type { Connection } from "../../connection.ts";
import type { Context } from "../../context.ts";
import { keyIn, lastKey, ordinalOf } from "../../keys.ts";
import { findCube } from "./cube-row.ts";

interface LogRow extends Omit<LogEntry, "seq"> {
  readonly key: number;
}

/** `Vault.log` */
export function log(
  { db }: Context,
  input: { readonly ref: CubeRef; readonly afterSeq: number; readonly limit: number },
): LogEntry[] {
  const cube = findCube(db, input.ref);
  if (cube === undefined) return [];
  const rows = db.all<LogRow>(
    "SELECT key, at, digest, head, body FROM log WHERE key > ? AND key <= ? ORDER BY key LIMIT ?",
    keyIn(cube.key, input.afterSeq),
    lastKey(cube.key),
    input.limit,
  );
  return rows.map(({ key, at, digest, head, body }) => ({
    seq: ordinalOf(key),
    at,
    digest,
    head,
    body,
  }));
}

/** `Vault.positionAt`: times never go back along a log, so it is found by halving. */
export function positionAt(
  { db }: Context,
  { ref, at }: { readonly ref: CubeRef; readonly at: number },
): Position | undefined {
  const cube = findCube(db, ref);
  if (cube === undefined) return undefined;
  let low = firstHotKey(db, cube.key);
  if (low === undefined) return undefined;
  let high = keyIn(cube.key, cube.seq);
  while (low < high) {
    const middle: number = Math.ceil((low + high) / 2);
    if (timeOf(db, middle) <= at) low = middle;
    else high = middle - 1;
  }
  const found = db.get<{ at: number; head: string }>("SELECT at, head FROM log WHERE key = ?", low);
  if (found === undefined || found.at > at) return undefined;
  return { epoch: cube.epoch, seq: ordinalOf(low), head: found.head };
}

function firstHotKey(db: Connection, cubeKey: number): number | undefined {
  const first = "SELECT key FROM log WHERE key > ? AND key <= ? ORDER BY key LIMIT 1";
  return db.get<{ key: number }>(first, keyIn(cubeKey, 0), lastKey(cubeKey))?.key;
}

function timeOf(db: Connection, key: number): number {
  return db.get<{ at: number }>("SELECT at FROM log WHERE key = ?", key)?.at ?? Infinity;
}
