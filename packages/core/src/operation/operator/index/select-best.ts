/** How rows of the same score are ordered. */
export interface TieOrder {
  /** Numbers of a row, never NaN, the telling one first; a row with the higher number comes before others. */
  readonly keys: readonly ((row: number) => number)[];
  /** Whether a row comes before another that has the same numbers. */
  readonly precedes: (row: number, other: number) => boolean;
}

/** Rows with what they are chosen by at the same places; both are reordered. */
export interface BestRows {
  readonly rows: Int32Array;
  /** Their scores to begin with; never NaN. */
  readonly keys: Float64Array;
}

/**
 * Moves the `limit` best of the first `count` rows to the front, in no order, and returns how many these are. Scores
 * decide, then the keys of `ties` among the rows that lie on the border, then `precedes`: each looks at few rows, so
 * that a thousand rows of the same score cost little more than one.
 */
export function selectBest(best: BestRows, count: number, limit: number, ties: TieOrder): number {
  const { rows, keys } = best;
  if (count <= limit) return count;
  let [from, to] = cut(best, 0, count, limit);
  for (const keyOf of ties.keys) {
    if (from === limit || to === limit) return limit;
    for (let at = from; at < to; at++) keys[at] = keyOf(rows[at]!);
    [from, to] = cut(best, from, to, limit);
  }
  if (from === limit || to === limit) return limit;
  rows.subarray(from, to).sort((row, other) => (ties.precedes(row, other) ? -1 : 1));
  return limit;
}

/**
 * Reorders the rows [from, to) around the place `limit` (Hoare's quickselect with Dijkstra's three-way partition): those
 * with higher keys than there, then those with the same, whose range is returned, then those with lower ones.
 */
function cut(best: BestRows, from: number, to: number, limit: number): readonly [number, number] {
  const { rows, keys } = best;
  let first = from;
  let end = to;
  for (;;) {
    const pivot = middleOf(keys[first]!, keys[(first + end) >> 1]!, keys[end - 1]!);
    let higher = first;
    let lower = end;
    for (let at = first; at < lower;) {
      const key = keys[at]!;
      const row = rows[at]!;
      if (key === pivot) {
        at++;
        continue;
      }
      const place = key > pivot ? higher++ : --lower;
      keys[at] = keys[place]!;
      rows[at] = rows[place]!;
      keys[place] = key;
      rows[place] = row;
      if (key > pivot) at++;
    }
    if (limit < higher) end = higher;
    else if (limit > lower) first = lower;
    else return [higher, lower];
  }
}

const middleOf = (a: number, b: number, c: number): number =>
  Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
