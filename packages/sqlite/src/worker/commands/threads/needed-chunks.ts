import type { Connection } from "../../connection.ts";
import { splitHashes } from "./hash-list.ts";

interface ChunkRow<Value> {
  readonly needs: string;
  readonly value: Value;
}

/**
 * Chunks that `roots` need, directly or not, by hash.
 * @param column what is wanted of each
 */
export function neededChunks<Value = unknown>(
  db: Connection,
  thread: number,
  roots: readonly string[],
  column: "bytes" | "0",
): Map<string, Value> {
  const find = `SELECT needs, ${column} AS value FROM chunk WHERE thread = ? AND hash = ?`;
  const found = new Map<string, Value>();
  const open = [...roots];
  for (let hash = open.pop(); hash !== undefined; hash = open.pop()) {
    const row = found.has(hash) ? undefined : db.get<ChunkRow<Value>>(find, thread, hash);
    if (row === undefined) continue;
    found.set(hash, row.value);
    if (row.needs !== "") open.push(...splitHashes(row.needs));
  }
  return found;
}
