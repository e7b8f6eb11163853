import type { HitReasons } from "../../../flow/index.ts";
import { answersQuestion, hasContent, holdBackBorrowers } from "./borrowers.ts";
import { FLAG } from "./row-table.ts";
import {
  dateFit,
  passedOn,
  scoreSessions,
  scoreStretches,
  type StructureInput,
} from "./structure.ts";
import type { Scratch } from "./scratch.ts";

/** Makes word scores relative to the best one: 0..1. */
export function relate(scratch: Scratch, best: number): void {
  if (best <= 0) return;
  for (let at = 0; at < scratch.candidateCount; at++) {
    const row = scratch.candidates[at] ?? 0;
    const score = (scratch.score[row] ?? 0) / best;
    scratch.score[row] = score;
    scratch.words[row] = score;
    scratch.borrowed[row] = (scratch.borrowed[row] ?? 0) / best;
  }
}

/**
 * Turns the candidates' relative scores into final ones, in `scratch.final`: with what the session, the stretch of talk
 * and the turns around lend, times the factors of speaker, role, time words, dates and cues. Rows that do not pass the
 * filter get 0.
 */
export function combine(input: StructureInput, passes: Uint8Array | undefined): void {
  const { scratch, columns, ranking } = input;
  const { candidates, candidateCount, score, own, final } = scratch;
  const sessions = ranking.session > 0 ? scoreSessions(input) : undefined;
  for (let at = 0; at < candidateCount; at++) {
    const row = candidates[at]!;
    own[row] = score[row]! - scratch.borrowed[row]!;
    if (sessions === undefined) continue;
    score[row] = score[row]! + ranking.session * (sessions.get(columns.session[row]!) ?? 0);
  }
  if (ranking.stretch > 0) scoreStretches(input);
  const factor = factorOf(input);
  for (let at = 0; at < candidateCount; at++) {
    const row = candidates[at] ?? 0;
    if (passes !== undefined && passes[row] !== 1) continue;
    const itself = own[row] ?? 0;
    const context = (score[row] ?? 0) - itself + passedOn(input, row);
    final[row] = (itself + (hasContent(input, row) ? 1 : ranking.slight) * context) * factor(row);
  }
  holdBackBorrowers(input);
}

/** The factor of a row: each cue of the question that the row fits raises it. */
function factorOf(input: StructureInput): (row: number) => number {
  const { plan, columns, ranking, boosts, now } = input;
  const { cues, dates } = plan;
  const flag = (row: number, bit: number): boolean => ((columns.flags[row] ?? 0) & bit) !== 0;
  const place = cues.current ? placeInTime(input) : () => 0;
  return (row) => {
    let factor = boosts.factor(row);
    if (cues.current) factor *= 1 + ranking.current * place(row);
    if (cues.time && flag(row, FLAG.time)) factor *= 1 + ranking.time;
    if (cues.advice && flag(row, FLAG.preference)) factor *= 1 + ranking.preference;
    if (cues.code && flag(row, FLAG.code)) factor *= 1 + ranking.code;
    if (cues.number && flag(row, FLAG.number)) factor *= 1 + ranking.number;
    if (dates.length > 0) factor *= 1 + ranking.date * dateFit(dates, columns.at[row] ?? NaN);
    if (!cues.past && isOutdated(input, row, now)) factor *= ranking.outdated;
    return factor;
  };
}

/** A row's place in time among the candidates: 0 for the first and for rows without a time, 1 for the last. */
function placeInTime({ columns, scratch }: StructureInput): (row: number) => number {
  const { at } = columns;
  let first = Infinity;
  let last = -Infinity;
  for (let each = 0; each < scratch.candidateCount; each++) {
    const time = at[scratch.candidates[each]!]!;
    if (time < first) first = time;
    if (time > last) last = time;
  }
  return (row) => {
    const time = at[row]!;
    return last > first && time >= first ? (time - first) / (last - first) : 0;
  };
}

function isOutdated({ columns }: StructureInput, row: number, now: number): boolean {
  return (columns.validFrom[row] ?? -Infinity) > now || (columns.validTo[row] ?? Infinity) <= now;
}

/** The parts of a hit's score. */
export function explain(
  input: StructureInput,
  row: number,
  vector: number | undefined,
): HitReasons {
  const { plan, columns, scratch, boosts, now } = input;
  const lexical = scratch.words[row] ?? 0;
  const date = dateFit(plan.dates, columns.at[row] ?? NaN);
  const borrowed = lexical > 0 ? Math.min(1, (scratch.borrowed[row] ?? 0) / lexical) : 0;
  const flags = columns.flags[row] ?? 0;
  const cue =
    boosts.hasWantedRole(row) ||
    (plan.cues.time && (flags & FLAG.time) !== 0) ||
    (plan.cues.advice && (flags & FLAG.preference) !== 0) ||
    (plan.cues.number && (flags & FLAG.number) !== 0) ||
    (plan.cues.code && (flags & FLAG.code) !== 0);
  return {
    ...(lexical > 0 && { lexical }),
    ...(vector !== undefined && { vector }),
    ...(boosts.isBySpeaker(row) && { speaker: true }),
    ...(borrowed > 0 && { neighbours: borrowed }),
    ...(date > 0 && { date }),
    ...(cue && { cue }),
    ...(answersQuestion(input, row) && { answer: true }),
    ...(isOutdated(input, row, now) && { outdated: true }),
  };
}
