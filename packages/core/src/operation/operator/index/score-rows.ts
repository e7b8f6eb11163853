import type { SlotWeights } from "./match-words.ts";
import { NEIGHBOUR_CAP, NEIGHBOUR_TENTHS, type Ranking } from "./ranking.ts";
import type { QuerySlot } from "./plan-query.ts";
import type { RaggedPool } from "./ragged-pool.ts";
import { NONE, type RowColumns } from "./row-table.ts";
import { COUNT_UNIT, type Scratch } from "./scratch.ts";
import type { VisibleRows } from "./visible-rows.ts";

/** What scoring by words reads and writes. */
export interface ScoreInput {
  readonly slots: readonly QuerySlot[];
  readonly weights: SlotWeights;
  readonly view: VisibleRows;
  readonly columns: RowColumns;
  readonly terms: RaggedPool;
  readonly scratch: Scratch;
  readonly ranking: Ranking;
  /** One cell per term of the index, all zero; used to recognise query terms in a row, and zeroed again. */
  readonly slotOfTerm: Uint8Array;
}

/**
 * BM25 over each candidate's own words and its neighbours' share of theirs, into `scratch.score`; returns the best. The
 * neighbours are the visible ones, with at most NEIGHBOUR_CAP terms each.
 */
export function scoreWords(input: ScoreInput): number {
  const { slots, weights, view, scratch, ranking } = input;
  const { previous, next } = view;
  const width = slots.length;
  const { counts, candidates, candidateCount } = scratch;
  const perTenth = (ranking.k1 * ranking.b) / (10 * view.averageLength);
  const fixed = ranking.k1 * (1 - ranking.b);
  const near = NEIGHBOUR_TENTHS[0] / (10 * COUNT_UNIT);
  const far = NEIGHBOUR_TENTHS[1] / (10 * COUNT_UNIT);
  let best = 0;
  for (let at = 0; at < candidateCount; at++) {
    const row = candidates[at]!;
    const a = previous[row]!;
    const b = next[row]!;
    const c = a === NONE ? NONE : previous[a]!;
    const d = b === NONE ? NONE : next[b]!;
    const shareA = near * capShare(input, a);
    const shareB = near * capShare(input, b);
    const shareC = far * capShare(input, c);
    const shareD = far * capShare(input, d);
    const held = fixed + perTenth * view.lengthTenths[row]!;
    let score = 0;
    let borrowed = 0;
    for (let slot = 0; slot < width; slot++) {
      const own = counts[row * width + slot]! / COUNT_UNIT;
      let lent = 0;
      if (shareA > 0) lent += shareA * counts[a * width + slot]!;
      if (shareB > 0) lent += shareB * counts[b * width + slot]!;
      if (shareC > 0) lent += shareC * counts[c * width + slot]!;
      if (shareD > 0) lent += shareD * counts[d * width + slot]!;
      if (own + lent === 0) continue;
      const part = (weights.idf[slot]! * (own + lent) * (ranking.k1 + 1)) / (own + lent + held);
      score += part;
      borrowed += (part * lent) / (own + lent);
    }
    scratch.score[row] = score;
    scratch.borrowed[row] = borrowed;
    if (score > best) best = score;
  }
  return best;
}

function capShare({ columns }: ScoreInput, row: number): number {
  return row === NONE ? 0 : Math.min(1, NEIGHBOUR_CAP / Math.max(1, columns.length[row] ?? 0));
}

/** Rows among the best whose word order is looked at: it can't lift a row much farther than this. */
const BIGRAM_ROWS = 64;

/** Terms of a row whose order is looked at; a longer row has said its piece by then. */
const BIGRAM_TERMS = 1_024;

/** Adds to the score of rows that have words side by side which are side by side in the query. */
export function scoreBigrams(input: ScoreInput, best: number): number {
  const { slots, scratch, ranking, slotOfTerm } = input;
  if (ranking.bigram === 0 || slots.length < 2) return best;
  let asked = 0;
  slots.forEach(({ term, place }, slot) => {
    if (term === 0 || place < 0) return;
    slotOfTerm[term] = slot + 1;
    asked |= bitOf(term);
  });
  const threshold = scoreOfRank(scratch, best, BIGRAM_ROWS);
  let top = best;
  for (let at = 0; at < scratch.candidateCount; at++) {
    const row = scratch.candidates[at] ?? 0;
    const score = scratch.score[row] ?? 0;
    if (score === 0 || score < threshold) continue;
    scratch.score[row] = score + ranking.bigram * pairs(input, row, asked);
    top = Math.max(top, scratch.score[row] ?? 0);
  }
  for (const { term } of slots) if (term > 0) slotOfTerm[term] = 0;
  return top;
}

/** One of 32 bits: tells of most terms without a look into memory that they are none of the query's. */
const bitOf = (term: number): number => 1 << (term & 31);

/**
 * The idf of the query's word pairs that the row has side by side; each pair once.
 * @param asked the bits of the query's words
 */
function pairs(input: ScoreInput, row: number, asked: number): number {
  const { slots, terms, slotOfTerm } = input;
  const { idf } = input.weights;
  const from = terms.start(row);
  const to = from + Math.min(BIGRAM_TERMS, terms.count(row));
  let sum = 0;
  let seen = 0;
  let before = 0;
  for (let at = from; at < to; at++) {
    const term = terms.data[at]!;
    const slot = (asked & bitOf(term)) === 0 ? 0 : slotOfTerm[term]!;
    if (slot > 0 && before > 0 && (seen & (1 << slot)) === 0) {
      if (slots[slot - 1]?.place === (slots[before - 1]?.place ?? 0) + 1) {
        seen |= 1 << slot;
        sum += idf[slot - 1]! + idf[before - 1]!;
      }
    }
    before = slot;
  }
  return sum;
}

const BINS = 256;
/** Reused: made anew, they would cost as much as the counting. */
const bins = new Int32Array(BINS);

/** About the score that `rank` candidates reach; 0 when there are no more than that. */
export function scoreOfRank(scratch: Scratch, best: number, rank: number): number {
  if (scratch.candidateCount <= rank || best <= 0) return 0;
  bins.fill(0);
  for (let at = 0; at < scratch.candidateCount; at++) {
    const share = (scratch.score[scratch.candidates[at] ?? 0] ?? 0) / best;
    const bin = Math.min(BINS - 1, Math.floor(share * BINS));
    bins[bin] = bins[bin]! + 1;
  }
  let bin = BINS;
  for (let count = 0; bin > 0 && count < rank;) count += bins[--bin]!;
  return (bin * best) / BINS;
}
