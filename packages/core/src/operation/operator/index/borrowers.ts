import { FLAG, NONE } from "./row-table.ts";
import type { StructureInput } from "./structure.ts";

/** Whether a row says something by itself; see `saysSomething`. */
export const hasContent = ({ columns }: StructureInput, row: number): boolean =>
  ((columns.flags[row] ?? 0) & FLAG.content) !== 0;

/** Whether a row says something right after a question. */
export function answersQuestion(input: StructureInput, row: number): boolean {
  const before = input.view.previous[row] ?? NONE;
  return (
    before !== NONE &&
    ((input.columns.flags[before] ?? 0) & FLAG.question) !== 0 &&
    hasContent(input, row)
  );
}

/** What is left to a row that borrows all, of the score of the best row it borrows from. */
const BORROWER = 0.98;
/** So little of its own is nothing: sums of fractions leave traces. */
const NOTHING = 1e-9;

/**
 * A row that has nothing of its own ranks below the best row that lends to it, or "Please." would come before the turn
 * that it follows. A row that says something may rank above lenders of another speaker or role than is asked for, and
 * above the question that it answers: an answer need not repeat the question's words.
 */
export function holdBackBorrowers(input: StructureInput): void {
  const { candidates, candidateCount, own, final } = input.scratch;
  for (let at = 0; at < candidateCount; at++) {
    const row = candidates[at]!;
    // INVARIANT: rows that lend have something of their own and keep their score, so the order of rows plays no part.
    if (own[row]! > NOTHING || final[row] === 0 || answersQuestion(input, row)) continue;
    const best = bestLender(input, row);
    if (best > 0) final[row] = Math.min(final[row]!, BORROWER * best);
  }
}

/** The score of the best row up to two places away that has something of its own; 0 when there is none. */
function bestLender(input: StructureInput, row: number): number {
  const { scratch, view, boosts } = input;
  const { own, final } = scratch;
  const factor = hasContent(input, row) ? boosts.factor(row) : 0;
  const previous = view.previous[row]!;
  const next = view.next[row]!;
  const lent = (other: number): number =>
    other !== NONE && own[other]! > NOTHING && boosts.factor(other) >= factor ? final[other]! : 0;
  return Math.max(
    lent(previous),
    lent(next),
    previous === NONE ? 0 : lent(view.previous[previous]!),
    next === NONE ? 0 : lent(view.next[next]!),
  );
}
