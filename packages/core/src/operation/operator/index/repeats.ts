import type { IndexTables } from "./tables.ts";

/** What is left of the score of a row that says word for word what a better one says. */
const REPEATED = 0.7;
/** Terms of the day that a row with a time ends with: the same words on another day are still the same words. */
const DATE_TERMS = 3;
/** Longer rows are not compared: nobody says as much twice by chance, and what is pasted twice is rare. */
const MAX_COMPARED_TERMS = 256;
/** Farther down a long result nobody reads a repetition first. */
const MAX_COMPARED_ROWS = 64;

/**
 * Holds back rows whose words are exactly those of a row ranked before them, so that what was said five times takes one
 * place at the top and not five. Writes the lower scores back; returns the rows in their new order. Rows that differ
 * in a single word stay: that word may be what is asked for.
 */
export function holdBackRepeats(
  tables: IndexTables,
  ranked: readonly number[],
  score: Float64Array,
): readonly number[] {
  let repeats = 0;
  for (let at = 1; at < Math.min(ranked.length, MAX_COMPARED_ROWS); at++) {
    const row = ranked[at]!;
    for (let earlier = 0; earlier < at; earlier++) {
      if (!saysTheSame(tables, ranked[earlier]!, row)) continue;
      score[row] = score[row]! * REPEATED;
      repeats++;
      break;
    }
  }
  // The sort is stable: rows of the same score keep their order.
  return repeats === 0 ? ranked : ranked.toSorted((row, other) => score[other]! - score[row]!);
}

function saysTheSame({ rows, termLists }: IndexTables, row: number, other: number): boolean {
  const { length, at, speaker } = rows.columns;
  if (length[row] !== length[other] || speaker[row] !== speaker[other]) return false;
  const count = termLists.count(row);
  if (count !== termLists.count(other) || count > MAX_COMPARED_TERMS) return false;
  const dates = Number.isNaN(at[row]!) || Number.isNaN(at[other]!) ? 0 : DATE_TERMS;
  const from = termLists.start(row);
  const fromOther = termLists.start(other);
  for (let term = 0; term < count - dates; term++)
    if (termLists.data[from + term] !== termLists.data[fromOther + term]) return false;
  return true;
}
