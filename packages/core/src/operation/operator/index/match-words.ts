import type { Boosts } from "./boosts.ts";
import type { QuerySlot } from "./plan-query.ts";
import { PostingList, type Postings } from "./postings.ts";
import type { Ranking } from "./ranking.ts";
import { NONE, type RowColumns } from "./row-table.ts";
import { COUNT_UNIT, type Scratch } from "./scratch.ts";
import { selectBest, type TieOrder } from "./select-best.ts";
import type { VisibleRows } from "./visible-rows.ts";

/** How telling each slot of a query is: BM25's idf over the visible rows, and over their sessions. */
export interface SlotWeights {
  readonly idf: Float64Array;
  readonly sessionIdf: Float64Array;
}

/** What matching reads and writes. */
export interface MatchInput {
  readonly slots: readonly QuerySlot[];
  readonly postings: Postings;
  readonly view: VisibleRows;
  readonly columns: RowColumns;
  readonly scratch: Scratch;
  readonly ranking: Ranking;
  /** Candidates are chosen with the factors of speaker and role in, so that a named speaker's rows are not crowded out. */
  readonly boosts: Boosts;
  /** Order of rows of the same score. */
  readonly ties: TieOrder;
  /** Rows that may become candidates: those a filter lets through, and those beside them. All when left out. */
  readonly near?: Uint8Array | undefined;
}

/**
 * Postings whose rows may become candidates, rarest terms first. A term past this bound is so frequent that it chooses
 * nothing: it still counts in the score of rows that rarer terms brought in (a related word does not even that). Keeps a query at 50,000 rows below 0.4 ms.
 */
const NOMINATING_POSTINGS = 8_192;

/** Rows that are scored in full, besides their neighbours; the best by their own words. Far more than a result holds. */
const MAX_SEEDS = 192;

/** idf, positive for every frequency (Lucene's form of Robertson's). */
export const idfOf = (frequency: number, rows: number): number =>
  Math.log(1 + (rows - frequency + 0.5) / (frequency + 0.5));

/**
 * Fills the scratch with how often each visible row has each slot, and nominates the candidates: the rows whose own
 * words match best, and the two rows around each.
 */
export function matchWords(input: MatchInput): SlotWeights {
  const { slots, postings, view, scratch } = input;
  const idf = new Float64Array(slots.length);
  const sessionIdf = new Float64Array(slots.length);
  const found = slots.map(({ term, weight }, slot) => {
    const count = postings.read(term, view.mask, list(scratch, slot));
    idf[slot] = weight * idfOf(count, view.rowCount);
    return { slot, count };
  });
  found.sort((one, other) => one.count - other.count || one.slot - other.slot);
  let walked = 0;
  for (const { slot, count } of found) {
    const weight = slots[slot]?.weight ?? 1;
    const within = walked === 0 || walked + count <= NOMINATING_POSTINGS;
    walked += count;
    if (within) nominate(input, slot, idf[slot] ?? 0);
    else if (weight < 1) list(scratch, slot).length = 0;
    else lookUp(input, slot);
    // Sessions are told apart by the query's own words; related ones and frequent ones are in most of them.
    if (weight === 1 && within)
      sessionIdf[slot] = idfOf(countSessions(input, slot), view.sessionCount);
  }
  boostRough(input);
  chooseSeeds(input);
  return { idf, sessionIdf };
}

const list = (scratch: Scratch, slot: number): PostingList =>
  (scratch.lists[slot] ??= new PostingList());

/**
 * Adds a slot's postings to the counts and to the rough scores. A speaker's name counts only in rows that nobody is said
 * to speak: in what someone else said to them it says little.
 */
function nominate(
  { slots, view, columns, scratch, ranking }: MatchInput,
  slot: number,
  idf: number,
): void {
  const width = slots.length;
  const { rows, counts: occurrences, length } = list(scratch, slot);
  const { rough, counts } = scratch;
  const { speaker } = columns;
  const { lengthTenths } = view;
  const perTenth = (ranking.k1 * ranking.b) / (10 * view.averageLength);
  const fixed = ranking.k1 * (1 - ranking.b);
  const isName = slots[slot]?.name === true;
  for (let at = 0; at < length; at++) {
    const row = rows[at]!;
    if (isName && speaker[row] !== NONE) continue;
    const count = occurrences[at]!;
    if (rough[row] === 0) scratch.touch(row);
    counts[row * width + slot] = Math.min(255, count * COUNT_UNIT);
    const held = count / (count + fixed + perTenth * lengthTenths[row]!);
    rough[row] = rough[row]! + idf * held;
  }
}

/** Adds a frequent slot's postings to rows that rarer slots touched. */
function lookUp({ slots, columns, scratch }: MatchInput, slot: number): void {
  const width = slots.length;
  const { rough, counts } = scratch;
  const { speaker } = columns;
  const isName = slots[slot]?.name === true;
  const { rows, counts: occurrences, length } = list(scratch, slot);
  for (let at = 0; at < length; at++) {
    const row = rows[at]!;
    if (rough[row] === 0 || (isName && speaker[row] !== NONE)) continue;
    counts[row * width + slot] = Math.min(255, occurrences[at]! * COUNT_UNIT);
  }
}

/** Adds a slot's postings to the sessions' counts; returns how many sessions have it. */
function countSessions({ slots, view, columns, scratch }: MatchInput, slot: number): number {
  if (view.sessionCount === 0) return 0;
  const width = slots.length;
  const { rows, counts: occurrences, length } = list(scratch, slot);
  const { session } = columns;
  const { sessionCounts } = scratch;
  let sessions = 0;
  for (let at = 0; at < length; at++) {
    const of = session[rows[at]!]!;
    if (of === NONE) continue;
    const place = of * width + slot;
    const before = sessionCounts[place]!;
    if (before === 0) sessions++;
    sessionCounts[place] = before + occurrences[at]!;
  }
  return sessions;
}

/** Brings the factors of speaker and role into the rough scores. */
function boostRough({ scratch, boosts }: MatchInput): void {
  if (boosts.flat) return;
  const { rough, touched, touchedCount } = scratch;
  for (let at = 0; at < touchedCount; at++) {
    const row = touched[at]!;
    rough[row] = rough[row]! * boosts.factor(row);
  }
}

/** Nominates the best MAX_SEEDS rows and what is beside them. */
function chooseSeeds(input: MatchInput): void {
  const { scratch, view, ties } = input;
  const { touched, keys } = scratch;
  const seeds = selectBest({ rows: touched, keys }, keepClose(input), MAX_SEEDS, ties);
  for (let at = 0; at < seeds; at++) {
    const row = touched[at]!;
    scratch.nominate(row);
    nominateBeside(scratch, view.previous, row);
    nominateBeside(scratch, view.next, row);
  }
}

function nominateBeside(scratch: Scratch, links: Int32Array, row: number): void {
  const beside = links[row]!;
  if (beside === NONE) return;
  scratch.nominate(beside);
  const beyond = links[beside]!;
  if (beyond !== NONE) scratch.nominate(beyond);
}

const BINS = 512;
/** Reused: made anew, they would cost as much as the counting. */
const bins = new Int32Array(BINS + 1);

/**
 * Moves the touched rows from which seeds are to be chosen to the front, with their rough scores in `keys`; returns how
 * many these are. Of many, somewhat more than MAX_SEEDS with the best scores, found by counting instead of sorting.
 */
function keepClose({ scratch, near }: MatchInput): number {
  const { touched, touchedCount, rough, keys } = scratch;
  let count = 0;
  let top = 0;
  for (let at = 0; at < touchedCount; at++) {
    const row = touched[at]!;
    if (near !== undefined && near[row] !== 1) continue;
    const key = rough[row]!;
    touched[count] = row;
    keys[count++] = key;
    if (key > top) top = key;
  }
  if (count <= MAX_SEEDS) return count;
  const threshold = thresholdOf(keys, count, BINS / top);
  let close = 0;
  for (let at = 0; at < count; at++) {
    const key = keys[at]!;
    if (key < threshold) continue;
    keys[close] = key;
    touched[close++] = touched[at]!;
  }
  return close;
}

/** A key that at least MAX_SEEDS of the first `count` reach; `scale` is bins per unit. */
function thresholdOf(keys: Float64Array, count: number, scale: number): number {
  bins.fill(0);
  for (let at = 0; at < count; at++) {
    const bin = (keys[at]! * scale) | 0;
    bins[bin] = bins[bin]! + 1;
  }
  let bin = BINS + 1;
  for (let seeds = 0; bin > 0 && seeds < MAX_SEEDS;) seeds += bins[--bin]!;
  // One bin lower, so that rounding keeps nobody out.
  return (bin - 1) / scale;
}
