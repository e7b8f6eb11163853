import type { ThreadChunk } from "@memcube/core";

import type { Connection } from "../../connection.ts";
import { Refusal } from "../../refusal.ts";
import { compactHashes } from "./compact.ts";

/** Chunks looked for with one statement. */
const SOUGHT = 32;

/**
 * Refuses a step whose chunks need one that is neither stored nor given.
 * @param thread key of the thread, if it is there
 * @param given chunks of the step
 * @param roots what the step itself needs
 * @throws Refusal `MEMCUBE_INVALID_INPUT`
 */
export function checkChunks(
  db: Connection,
  thread: number | undefined,
  given: readonly ThreadChunk[],
  roots: readonly string[],
): void {
  const needed = new Set(roots);
  for (const { needs } of given) for (const hash of needs) needed.add(hash);
  for (const { hash } of given) needed.delete(hash);
  const hashes = [...needed];
  for (let from = 0; from < hashes.length; from += SOUGHT) {
    const some = hashes.slice(from, from + SOUGHT);
    if (thread !== undefined && countStored(db, thread, some) === some.length) continue;
    const isStored = (hash: string): boolean =>
      thread !== undefined && countStored(db, thread, [hash]) === 1;
    const hash = some.find((one) => !isStored(one));
    throw new Refusal("MEMCUBE_INVALID_INPUT", "A chunk is neither stored nor given.", { hash });
  }
}

function countStored(db: Connection, thread: number, hashes: readonly string[]): number {
  const places = hashes.map(() => "?").join(",");
  const count = `SELECT count(*) AS n FROM chunk WHERE thread = ? AND hash IN (${places})`;
  const sought = hashes.map((hash) => compactHashes([hash]));
  return db.get<{ n: number }>(count, thread, ...sought)?.n ?? 0;
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
