import type { HitReasons } from "../../../flow/index.ts";
import { FLAG, NONE } from "./row-table.ts";
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
    scratch.score[row] = (scratch.score[row] ?? 0) / best;
  }
}

/**
 * Turns the candidates' relative scores into final ones, in `scratch.final`: with what the session, the stretch of talk
 * and the turns around lend, times the factors of speaker, role, time words, dates and cues. Rows that do not pass the
 * filter get 0.
 */
export function combine(input: StructureInput, passes: Uint8Array | undefined): void {
  const { scratch, columns, ranking } = input;
  const { candidates, candidateCount, score, final } = scratch;
  const sessions = ranking.session > 0 ? scoreSessions(input) : undefined;
  for (let at = 0; at < candidateCount && sessions !== undefined; at++) {
    const row = candidates[at] ?? 0;
    score[row] =
      (score[row] ?? 0) + ranking.session * (sessions.get(columns.session[row] ?? NONE) ?? 0);
  }
  if (ranking.stretch > 0) scoreStretches(input);
  const factor = factorOf(input);
  for (let at = 0; at < candidateCount; at++) {
    const row = candidates[at] ?? 0;
    if (passes !== undefined && passes[row] !== 1) continue;
    final[row] = ((score[row] ?? 0) + passedOn(input, row)) * factor(row);
  }
}

/** The factor of a row: each cue of the question that the row fits raises it. */
function factorOf(input: StructureInput): (row: number) => number {
  const { plan, columns, ranking, boosts, now } = input;
  const { cues, dates } = plan;
  const flag = (row: number, bit: number): boolean => ((columns.flags[row] ?? 0) & bit) !== 0;
  return (row) => {
    let factor = boosts.factor(row);
    if (cues.time && flag(row, FLAG.time)) factor *= 1 + ranking.time;
    if (cues.advice && flag(row, FLAG.preference)) factor *= 1 + ranking.preference;
    if (dates.length > 0) factor *= 1 + ranking.date * dateFit(dates, columns.at[row] ?? NaN);
    if (!cues.past && isOutdated(input, row, now)) factor *= ranking.outdated;
    return factor;
  };
}

function isOutdated({ columns }: StructureInput, row: number, now: number): boolean {
  return (columns.validFrom[row] ?? -Infinity) > now || (columns.validTo[row] ?? Infinity) <= now;
}

/** The parts of a hit's score. */
export function explain(input: StructureInput, row: number, vector: number | undefined): HitReasons {
  const { plan, view, columns, scratch, boosts, now } = input;
  const lexical = scratch.score[row] ?? 0;
  const before = view.previous[row] ?? NONE;
  const date = dateFit(plan.dates, columns.at[row] ?? NaN);
  const borrowed = scratch.borrowed[row] ?? 0;
  const flags = columns.flags[row] ?? 0;
  const cue =
    boosts.hasWantedRole(row) ||
    (plan.cues.time && (flags & FLAG.time) !== 0) ||
    (plan.cues.advice && (flags & FLAG.preference) !== 0);
  return {
    ...(lexical > 0 && { lexical }),
    ...(vector !== undefined && { vector }),
    ...(boosts.isBySpeaker(row) && { speaker: true }),
    ...(borrowed > 0 && { neighbours: borrowed }),
    ...(date > 0 && { date }),
    ...(cue && { cue }),
    ...(before !== NONE &&
      ((columns.flags[before] ?? 0) & FLAG.question) !== 0 && { answer: true }),
    ...(isOutdated(input, row, now) && { outdated: true }),
  };
}
