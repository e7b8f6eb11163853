import type { Connection } from "../../connection.ts";
import { type Compact, compactHashes, fullHashes } from "./compact.ts";

/** A chunk with the column that was asked for. */
export interface NeededChunk<Value> {
  readonly hash: string;
  readonly needs: readonly string[];
  readonly bytes: Value;
}

/**
 * Chunks that `roots` need, directly or not, by hash.
 * @param column what is read as the bytes of each
 */
export function neededChunks<Value = unknown>(
  db: Connection,
  thread: number,
  roots: readonly string[],
  column: "bytes" | "key",
): Map<string, NeededChunk<Value>> {
  const find = `SELECT needs, ${column} AS bytes FROM chunk WHERE thread = ? AND hash = ?`;
  const found = new Map<string, NeededChunk<Value>>();
  const open = [...roots];
  for (let hash = open.pop(); hash !== undefined; hash = open.pop()) {
    if (found.has(hash)) continue;
    const row = db.get<{ needs: Compact; bytes: Value }>(find, thread, compactHashes([hash]));
    if (row === undefined) continue;
    const needs = fullHashes(row.needs);
    found.set(hash, { hash, needs, bytes: row.bytes });
    open.push(...needs);
  }
  return found;
}
