import { Boosts } from "./boosts.ts";
import { combine, explain, relate } from "./combine.ts";
import { confidenceOf } from "./confidence.ts";
import { filterRows, widen } from "./filter-rows.ts";
import { fuseVectors, VECTOR_ROWS } from "./fuse-vectors.ts";
import { matchWords } from "./match-words.ts";
import { planQuery, type QueryPlan } from "./plan-query.ts";
import type { IndexQuery, IndexResult } from "./query.ts";
import type { Ranking } from "./ranking.ts";
import { holdBackRepeats } from "./repeats.ts";
import { scoreBigrams, scoreWords } from "./score-rows.ts";
import type { Scratch } from "./scratch.ts";
import type { TieOrder } from "./select-best.ts";
import type { SpeakerNames } from "./speaker-names.ts";
import { spreadOver } from "./spread-over.ts";
import type { StructureInput } from "./structure.ts";
import type { IndexTables } from "./tables.ts";
import { topRows } from "./top-rows.ts";
import type { VectorHits } from "./vectors/index.ts";
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

/** Ranks the visible rows for a query. Leaves the scratch clean. */
export function searchTables(parts: SearchParts, query: IndexQuery): IndexResult {
  const { tables, view, scratch, ranking } = parts;
  const plan = readQuery(parts, query);
  const width = Math.max(1, plan.slots.length);
  const sessionCount = tables.sessions.names.length;
  scratch.reserve(tables.rows.count, width, sessionCount);
  const passes = query.filter && filterRows(query.filter, tables, view);
  // Vectors first: their scan goes through megabytes, after which nothing that the rest works on is in the processor's cache.
  const alike = findAlike(parts, query.vector, passes);
  const input = scoreByWords(parts, plan, query.now, passes);
  const vectors = alike && fuseVectors(alike, scratch, ranking.vector);
  combine(input, passes);
  const rows = chooseRows(parts, plan, query.limit);
  const confidence = confidenceOf(input, rows, vectors?.likeness);
  const hits = rows.map((row) => ({
    id: tables.ids.idOf(row),
    version: tables.rows.columns.version[row] ?? 0,
    score: scratch.final[row] ?? 0,
    why: explain(input, row, vectors?.cosines.get(row)),
  }));
  scratch.clear(width, sessionCount);
  return { hits, confidence };
}

function readQuery(
  { tables, view, speakers, ranking }: SearchParts,
  { text, now }: IndexQuery,
): QueryPlan {
  const { terms, postings } = tables;
  const frequencyOf = (term: number): number => postings.count(term, view.mask, COMMON_ROWS);
  const termOf = (word: string): number => {
    const term = terms.find(word);
    return term > 0 && postings.count(term, view.mask, 1) > 0 ? term : 0;
  };
  const isVisible = (speaker: number): boolean => (view.speakerRows[speaker] ?? 0) > 0;
  return planQuery(text, now, { termOf, frequencyOf, speakers, isVisible }, ranking.related);
}

/** Terms in so many rows are all common: which of them is commoner need not be counted. */
const COMMON_ROWS = 2_048;

/** Nominates candidates and scores them by words, relative to the best. */
function scoreByWords(
  { tables, view, scratch, ranking, slotOfTerm }: SearchParts,
  plan: QueryPlan,
  now: number,
  passes: Uint8Array | undefined,
): StructureInput {
  const { slots } = plan;
  const { columns } = tables.rows;
  const boosts = new Boosts(plan, view, columns, scratch, ranking);
  const common = { slots, view, columns, scratch, ranking };
  const near = passes && widen(passes, view);
  const ties = tieOrder(tables);
  const weights = matchWords({ ...common, postings: tables.postings, boosts, near, ties });
  const scoring = { ...common, weights, terms: tables.termLists, slotOfTerm };
  const best = scoreBigrams(scoring, scoreWords(scoring));
  relate(scratch, best);
  return { plan, weights, view, columns, scratch, ranking, boosts, now };
}

/** The rows whose vectors are most like the query's; `undefined` when there is none to compare. */
function findAlike(
  { tables, view }: SearchParts,
  vector: Float32Array | undefined,
  passes: Uint8Array | undefined,
): VectorHits | undefined {
  if (vector === undefined) return undefined;
  return tables.vectors?.search(vector, VECTOR_ROWS, passes ?? view.mask);
}

/** Rows per wanted hit from which a question for several things chooses. */
const POOL = 3;
/** Rows that may move up where rows that repeat others are held back. */
const SPARE_ROWS = 8;

function chooseRows(
  { tables, scratch, ranking }: SearchParts,
  plan: QueryPlan,
  limit: number,
): readonly number[] {
  if (limit <= 0) return [];
  const { final } = scratch;
  const { session } = tables.rows.columns;
  const spreads = plan.cues.several && ranking.spread > 0;
  const wanted = spreads ? limit * POOL : limit + SPARE_ROWS;
  const ranked = topRows(scratch, final, wanted, tieOrder(tables));
  const distinct = holdBackRepeats(tables, ranked, final);
  return spreads
    ? spreadOver(distinct, session, final, limit, ranking.spread)
    : distinct.slice(0, limit);
}

/** Of rows with the same score the later one, then the smaller id: the same whatever the row numbers are. */
function tieOrder({ ids, rows }: IndexTables): TieOrder {
  const { at } = rows.columns;
  return {
    keys: [(row) => timeOf(at[row]!), (row) => -ids.prefixOf(row)],
    precedes: (row, other) => ids.precedes(row, other),
  };
}

/** Rows without a time come after those with one. */
const timeOf = (at: number): number => (Number.isNaN(at) ? -Infinity : at);
