import { type BestRows, selectBest, type TieOrder } from "./select-best.ts";

/** The `limit` best rows with a score above 0, best first; the same whatever the order of the candidates. */
export function topRows(
  candidates: Int32Array,
  count: number,
  score: Float64Array,
  limit: number,
  ties: TieOrder,
): number[] {
  const found: BestRows = { rows: new Int32Array(count), keys: new Float64Array(count) };
  let scored = 0;
  for (let at = 0; at < count; at++) {
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
