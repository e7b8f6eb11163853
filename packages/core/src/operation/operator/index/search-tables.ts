import { Boosts } from "./boosts.ts";
import { combine, explain, relate } from "./combine.ts";
import { confidenceOf } from "./confidence.ts";
import { filterRows, widen } from "./filter-rows.ts";
import { fuseVectors } from "./fuse-vectors.ts";
import { matchWords } from "./match-words.ts";
import { planQuery } from "./plan-query.ts";
import type { IndexHit, IndexQuery, IndexResult } from "./query.ts";
import type { Ranking } from "./ranking.ts";
import { scoreBigrams, scoreWords } from "./score-rows.ts";
import type { Scratch } from "./scratch.ts";
import type { SpeakerNames } from "./speaker-names.ts";
import { spreadOver } from "./spread-over.ts";
import type { IndexTables } from "./tables.ts";
import { topRows } from "./top-rows.ts";
import type { VisibleRows } from "./visible-rows.ts";

/** What a search works with. */
export interface SearchParts {
  readonly tables: IndexTables;
  readonly view: VisibleRows;
  readonly scratch: Scratch;
  readonly speakers: SpeakerNames;
  readonly ranking: Ranking;
  readonly slotOfTerm: Uint8Array;
}

/** Rows per wanted hit from which a question for several things chooses. */
const POOL = 3;

/** Ranks the visible rows for a query. */
export function searchTables(parts: SearchParts, query: IndexQuery): IndexResult {
  const { tables, view, scratch, speakers, ranking, slotOfTerm } = parts;
  const { columns } = tables.rows;
  const termOf = (word: string): number => {
    const term = tables.terms.find(word);
    return term > 0 && tables.postings.some(term, view.mask) ? term : 0;
  };
  const isVisible = (speaker: number): boolean => (view.speakerRows[speaker] ?? 0) > 0;
  const plan = planQuery(query.text, query.now, termOf, speakers, isVisible, ranking.related);
  const { slots } = plan;
  const passes = query.filter && filterRows(query.filter, tables, view);
  scratch.reserve(tables.rows.count, Math.max(1, slots.length), tables.sessions.names.length);
  const boosts = new Boosts(plan, view, columns, scratch, ranking);
  const weights = matchWords({
    slots, postings: tables.postings, view, columns, scratch, ranking, boosts, near: passes && widen(passes, view),
  });
  const scoreInput = { slots, weights, view, columns, terms: tables.termLists, scratch, ranking, slotOfTerm };
  const best = scoreBigrams(scoreInput, scoreWords(scoreInput));
  const input = { plan, weights, view, columns, scratch, ranking, boosts, now: query.now };
  relate(input, best);
  const { vectors } = tables;
  const match =
    query.vector !== undefined && vectors !== undefined
      ? fuseVectors(vectors, query.vector, passes ?? view.mask, scratch, ranking.vector)
      : undefined;
  combine(input, passes);
  const { final } = scratch;
  const several = plan.cues.several && ranking.spread > 0;
  const pool = topRows(scratch.candidates, scratch.candidateCount, final, query.limit * (several ? POOL : 1), (row, other) => {
    const later = (columns.at[row] ?? 0) - (columns.at[other] ?? 0);
    return later === 0 || Number.isNaN(later) ? tables.ids.idOf(row) < tables.ids.idOf(other) : later > 0;
  });
  const rows = several ? spreadOver(pool, columns.session, final, query.limit, ranking.spread) : pool;
  const confidence = confidenceOf(input, rows);
  const hits = rows.map((row): IndexHit => ({
    id: tables.ids.idOf(row),
    version: columns.version[row] ?? 0,
    score: final[row] ?? 0,
    why: explain(input, row, scratch.score[row] ?? 0, match?.cosines.get(row)),
  }));
  scratch.clear(Math.max(1, slots.length), tables.sessions.names.length);
  return { hits, confidence };
}
