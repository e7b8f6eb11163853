import type { ThreadChunk, ThreadRef } from "@memcube/core";

import type { Connection } from "../../connection.ts";
import { Refusal } from "../../refusal.ts";
import { compactHashes } from "./compact.ts";
import { findThread } from "./thread-row.ts";

interface Step {
  readonly thread: ThreadRef;
  readonly chunks: readonly ThreadChunk[];
  readonly now: number;
}

/**
 * Refuses a step whose chunks need one that is neither stored nor given.
 * @param roots what the step itself needs
 * @throws Refusal `MEMCUBE_INVALID_INPUT`
 */
export function checkChunks(
  db: Connection,
  { thread, chunks, now }: Step,
  roots: readonly string[],
): void {
  const given = new Set(chunks.map(({ hash }) => hash));
  const needed = new Set([...roots, ...chunks.flatMap(({ needs }) => needs)]);
  if (needed.size === 0) return;
  const key = findThread(db, thread, now);
  const find = "SELECT 1 FROM chunk WHERE thread = ? AND hash = ?";
  for (const hash of needed) {
    if (given.has(hash)) continue;
    if (key !== undefined && db.get(find, key, compactHashes([hash])) !== undefined) continue;
    throw new Refusal("MEMCUBE_INVALID_INPUT", "A chunk is neither stored nor given.", { hash });
  }
}

/** Stores chunks; those that are there stay. */
export function putChunks(db: Connection, thread: number, chunks: readonly ThreadChunk[]): void {
  // Node before 22.16 binds bytes of length 0 as NULL.
  const insert = `INSERT INTO chunk (thread, hash, needs, bytes) VALUES (?, ?, coalesce(?, x''), coalesce(?, x''))
    ON CONFLICT DO NOTHING`;
  for (const { hash, needs, bytes } of chunks) {
    db.run(insert, thread, compactHashes([hash]), compactHashes(needs), bytes);
  }
}
