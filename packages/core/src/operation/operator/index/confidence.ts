import { NEIGHBOUR_CAP } from "./ranking.ts";
import { FLAG, NONE } from "./row-table.ts";
import { scoreOfRank } from "./score-rows.ts";
import { COUNT_UNIT } from "./scratch.ts";
import type { StructureInput } from "./structure.ts";

/**
 * How likely it is that the best rows hold an answer, 0..1. The top score alone says little: a question about the right
 * things and the wrong person scores as high as a good one. So three things are asked: does the best row (with its
 * neighbours' words) cover what the question is about; are its words known at all; and is it the named speaker who says
 * so, rather than somebody else. A row that is clearly like the question by its vector covers it without its words.
 * Weights: logistic regression over LoCoMo (adversarial questions and those of other conversations have no answer) and
 * the style sets (questions of other sets have none, nor those of cubes of a few facts without the right one).
 */
export function confidenceOf(
  input: StructureInput,
  rows: readonly number[],
  likeness: (row: number) => number = () => 0,
): number {
  const [best] = rows;
  if (best === undefined) return 0;
  const asked = askedSlots(input);
  const { ownMargin, scoreMargin } = compareSpeakers(input, asked);
  const alike = likeness(best);
  const evidence =
    WEIGHTS.ownMargin * ownMargin +
    WEIGHTS.scoreMargin * scoreMargin +
    WEIGHTS.coverage * Math.max(alike, coverage(input, asked, best, true)) +
    WEIGHTS.known * Math.max(alike, shareKnown(input, asked));
  return 1 / (1 + Math.exp(-WEIGHTS.bias - evidence));
}

const WEIGHTS = { bias: -4.3, ownMargin: 2.2, scoreMargin: 1, coverage: 2.5, known: 3.8 };

/** The slots of the question's own words, names aside. */
function askedSlots({ plan }: StructureInput): number[] {
  return plan.slots.flatMap(({ weight, name }, slot) => (weight === 1 && !name ? [slot] : []));
}

/** Share of the asked words that any row has; a word that only related ones stand for counts in part. */
function shareKnown({ plan }: StructureInput, asked: readonly number[]): number {
  const stoodFor = new Set(plan.slots.map(({ standsFor }) => standsFor));
  let known = 0;
  for (const slot of asked) {
    const { term = 0, place = -1 } = plan.slots[slot] ?? {};
    if (term > 0) known++;
    else if (place >= 0 && stoodFor.has(place)) known += RELATED;
  }
  return known / Math.max(1, asked.length);
}

/** Share of the question's idf that a row has, in its own words or with its neighbours' at half. */
function coverage(
  input: StructureInput,
  asked: readonly number[],
  row: number,
  wide: boolean,
): number {
  const { idf } = input.weights;
  // In a cube of a few rows frequencies tell nothing: idf as if there were some more rows without any of the words.
  const ground = Math.log(1 + GROUND_ROWS / (input.view.rowCount + 1));
  let covered = 0;
  let total = 0;
  for (const slot of asked) {
    const telling = (idf[slot] ?? 0) + ground;
    total += telling;
    covered +=
      telling * Math.min(1, occurrences(input, row, slot, wide) || stoodFor(input, row, slot));
  }
  return total > 0 ? covered / total : 0;
}

const GROUND_ROWS = 50;
/** What a related word in a word's place is worth. */
const RELATED = 0.6;

function stoodFor({ plan, scratch }: StructureInput, row: number, slot: number): number {
  const { slots } = plan;
  const { place = -1 } = slots[slot] ?? {};
  if (place < 0) return 0;
  for (let at = 0; at < slots.length; at++)
    if (slots[at]?.standsFor === place && (scratch.counts[row * slots.length + at] ?? 0) > 0)
      return RELATED;
  return 0;
}

function occurrences(
  { plan, view, columns, scratch }: StructureInput,
  row: number,
  slot: number,
  wide: boolean,
): number {
  const of = (other: number): number =>
    (scratch.counts[other * plan.slots.length + slot] ?? 0) / COUNT_UNIT;
  let sum = of(row);
  if (!wide) return sum;
  for (const other of [view.previous[row] ?? NONE, view.next[row] ?? NONE]) {
    if (other !== NONE)
      sum += 0.5 * of(other) * Math.min(1, NEIGHBOUR_CAP / Math.max(1, columns.length[other] ?? 0));
  }
  return sum;
}

/** Rows that are compared: the best ones of anybody. */
const COMPARED_ROWS = 64;
/** Rows of a side whose coverage is added up. */
const SUMMED_ROWS = 3;

interface Margins {
  /** How much more of the question the named speaker's best rows cover than those of others; 0 when nobody is named. */
  readonly ownMargin: number;
  /** How much higher the best row of the named speaker scores by words and surroundings than that of others. */
  readonly scoreMargin: number;
}

function compareSpeakers(input: StructureInput, asked: readonly number[]): Margins {
  const { scratch, boosts } = input;
  if (!boosts.byName) return { ownMargin: 0, scoreMargin: 0 };
  const named = { top: 0, own: [0] };
  const others = { top: 0, own: [0] };
  let best = 0;
  for (let at = 0; at < scratch.candidateCount; at++) {
    best = Math.max(best, scratch.score[scratch.candidates[at] ?? 0] ?? 0);
  }
  const threshold = scoreOfRank(scratch, best, COMPARED_ROWS);
  for (let at = 0; at < scratch.candidateCount; at++) {
    const row = scratch.candidates[at] ?? 0;
    const score = scratch.score[row] ?? 0;
    if (score < threshold || score === 0) continue;
    const side = boosts.isBySpeaker(answererOf(input, row)) ? named : others;
    side.top = Math.max(side.top, score);
    side.own.push(coverage(input, asked, row, false));
  }
  return {
    ownMargin: sumOfBest(named.own) - sumOfBest(others.own),
    scoreMargin: named.top - others.top,
  };
}

/** A question tells about whoever answers it. */
function answererOf({ view, columns }: StructureInput, row: number): number {
  const next = view.next[row] ?? NONE;
  return ((columns.flags[row] ?? 0) & FLAG.question) !== 0 && next !== NONE ? next : row;
}

const sumOfBest = (values: readonly number[]): number =>
  values
    .toSorted((a, b) => b - a)
    .slice(0, SUMMED_ROWS)
    .reduce((sum, value) => sum + value, 0);
