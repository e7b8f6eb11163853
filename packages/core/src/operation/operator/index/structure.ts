import type { DateMention } from "../../../text/index.ts";
import type { Boosts } from "./boosts.ts";
import type { SlotWeights } from "./match-words.ts";
import type { QueryPlan } from "./plan-query.ts";
import type { Ranking } from "./ranking.ts";
import { FLAG, NONE, type RowColumns } from "./row-table.ts";
import type { Scratch } from "./scratch.ts";
import type { VisibleRows } from "./visible-rows.ts";

/** What the structure of a conversation adds to the words; see each function. */
export interface StructureInput {
  readonly plan: QueryPlan;
  readonly weights: SlotWeights;
  readonly view: VisibleRows;
  readonly columns: RowColumns;
  readonly scratch: Scratch;
  readonly ranking: Ranking;
  readonly boosts: Boosts;
  readonly now: number;
}

/** BM25 of each session that a candidate is in, relative to the best one: Map of session to 0..1. */
export function scoreSessions(input: StructureInput): ReadonlyMap<number, number> {
  const { plan, weights, view, columns, scratch, ranking } = input;
  const width = plan.slots.length;
  const scores = new Map<number, number>();
  let best = 0;
  for (let at = 0; at < scratch.candidateCount; at++) {
    const session = columns.session[scratch.candidates[at] ?? 0] ?? NONE;
    if (session === NONE || scores.has(session)) continue;
    const share = (view.sessionLength[session] ?? 0) / view.averageSessionLength;
    const held = ranking.k1 * (1 - ranking.b + ranking.b * share);
    let score = 0;
    for (let slot = 0; slot < width; slot++) {
      const count = scratch.sessionCounts[session * width + slot] ?? 0;
      score += ((weights.sessionIdf[slot] ?? 0) * count * (ranking.k1 + 1)) / (count + held);
    }
    scores.set(session, score);
    best = Math.max(best, score);
  }
  if (best > 0) for (const [session, score] of scores) scores.set(session, score / best);
  return scores;
}

/** How far a stretch of talk reaches each way, and how much of a turn's score is felt one turn further. */
const STRETCH_ROWS = 6;
const STRETCH_DECAY = 0.7;

/** Adds to each candidate's score that of its stretch: the turns around it, the nearer the more, relative to the best. */
export function scoreStretches({ view, scratch, ranking }: StructureInput): void {
  const { candidates, candidateCount, score, final } = scratch;
  let best = 0;
  for (let at = 0; at < candidateCount; at++) {
    const row = candidates[at]!;
    let before = view.previous[row]!;
    let after = view.next[row]!;
    let sum = 0;
    let share = STRETCH_DECAY;
    for (let step = 0; step < STRETCH_ROWS && (before !== NONE || after !== NONE); step++) {
      if (before !== NONE) sum += share * score[before]!;
      if (after !== NONE) sum += share * score[after]!;
      before = before === NONE ? NONE : view.previous[before]!;
      after = after === NONE ? NONE : view.next[after]!;
      share *= STRETCH_DECAY;
    }
    final[row] = sum;
    best = Math.max(best, sum);
  }
  for (let at = 0; at < candidateCount; at++) {
    const row = candidates[at]!;
    if (best > 0) score[row] = score[row]! + (ranking.stretch * final[row]!) / best;
    final[row] = 0;
  }
}

/** What the turns around a row lend to it: the question it answers, and the turn that it prepares. */
export function passedOn({ view, columns, scratch, ranking }: StructureInput, row: number): number {
  const before = view.previous[row]!;
  const after = view.next[row]!;
  let sum = 0;
  if (before !== NONE && (columns.flags[before]! & FLAG.question) !== 0) {
    sum += ranking.answer * scratch.own[before]! + ranking.answerAround * scratch.score[before]!;
  }
  if (after !== NONE) sum += ranking.follow * scratch.score[after]!;
  return sum;
}

const DAY_MS = 86_400_000;

/** How near a row's time is to a date that the question names: 1 on it, 0.5 near it, else 0. */
export function dateFit(dates: readonly DateMention[], at: number): number {
  if (Number.isNaN(at)) return 0;
  let best = 0;
  for (const date of dates) if (date.precision !== "year") best = Math.max(best, fitOf(date, at));
  return best;
}

function fitOf(date: DateMention, at: number): number {
  const shift = date.yearless ? yearsBetween(date.fromMs, at) : 0;
  const from = shiftYears(date.fromMs, shift);
  const to = shiftYears(date.toMs, shift);
  const [slackMs, nearMs] =
    date.precision === "month" ? [0, 10 * DAY_MS] : [2 * DAY_MS, 10 * DAY_MS];
  // What happened on a day is mostly told on it or after it.
  if (at >= from - (date.precision === "month" ? 0 : slackMs) && at < to + slackMs) return 1;
  return at >= from - (date.precision === "month" ? 0 : nearMs) && at < to + nearMs ? 0.5 : 0;
}

const yearsBetween = (from: number, to: number): number =>
  new Date(to).getUTCFullYear() - new Date(from).getUTCFullYear();

function shiftYears(ms: number, years: number): number {
  if (years === 0) return ms;
  const date = new Date(ms);
  return date.setUTCFullYear(date.getUTCFullYear() + years);
}
