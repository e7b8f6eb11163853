import type { Scratch } from "./scratch.ts";
import { type BestRows, selectBest, type TieOrder } from "./select-best.ts";

/** The parts of the scratch that are read, and the two that are free for use once candidates were chosen. */
export type CandidateRows = Pick<Scratch, "candidates" | "candidateCount" | "touched" | "keys">;

/** The `limit` best candidates with a score above 0, best first; the same whatever their order. */
export function topRows(
  { candidates, candidateCount, touched, keys }: CandidateRows,
  score: Float64Array,
  limit: number,
  ties: TieOrder,
): number[] {
  const found: BestRows = { rows: touched, keys };
  let scored = 0;
  for (let at = 0; at < candidateCount; at++) {
    const row = candidates[at]!;
    const key = score[row]!;
    if (key <= 0) continue;
    found.rows[scored] = row;
    found.keys[scored++] = key;
  }
  const chosen = selectBest(found, scored, limit, ties);
  return Array.from(found.rows.subarray(0, chosen)).sort(
    (row, other) => score[other]! - score[row]! || compareTied(row, other, ties),
  );
}

function compareTied(row: number, other: number, { keys, precedes }: TieOrder): number {
  for (const keyOf of keys) {
    const one = keyOf(row);
    const two = keyOf(other);
    if (one !== two) return one > two ? -1 : 1;
  }
  return row === other ? 0 : precedes(row, other) ? -1 : 1;
}
