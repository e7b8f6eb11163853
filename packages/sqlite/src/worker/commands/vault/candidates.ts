import type { VaultFilter } from "@memcube/core";

import { HEADER_ORDINAL, keyIn, lastKey } from "../../keys.ts";
import { matchOf, type TermIndex } from "../../term-index.ts";
import type { Context } from "../../context.ts";
import { conditionsOf } from "./filter.ts";
import type { GuardedRead } from "./visible.ts";

export interface CandidatesQuery {
  readonly terms: readonly string[];
  readonly filter: VaultFilter;
  readonly now: number;
  readonly limit: number;
}

/** More classes than this are left to the join: a long OR costs more than it saves. */
const MATCHED_CLASSES = 64;

/** More terms than this make a query no better. */
const MATCHED_TERMS = 256;

/** Rows that are ranked for one query, some microseconds each, when it has rare terms enough. */
const RANKED_ROWS = 5_000;

/** `Vault.candidates`: FTS5's BM25, within the caller's classes. */
export function candidates(
  { db, cube, classes, query }: GuardedRead<CandidatesQuery>,
  { terms: index }: Context,
): { id: string; score: number }[] {
  const allowed = classes === undefined ? undefined : (JSON.parse(classes) as number[]);
  const wanted = query.terms.flatMap((term) => index.hashes(cube.key, term));
  const terms = telling(index, [...new Set(wanted)].slice(0, MATCHED_TERMS));
  if (allowed?.length === 0 || terms.length === 0) return [];
  const matched = allowed !== undefined && allowed.length <= MATCHED_CLASSES ? allowed : undefined;
  const { sql, values } = conditionsOf({ cube, filter: query.filter, classes, now: query.now });
  return db.all(
    `SELECT m.id, -t.rank AS score FROM term_index t CROSS JOIN memory m ON m.key = t.rowid
     WHERE t.term_index MATCH ? AND m.key > ? AND m.key < ?${sql} ORDER BY t.rank LIMIT ?`,
    matchOf(terms, matched),
    keyIn(cube.key, HEADER_ORDINAL),
    lastKey(cube.key),
    ...values,
    query.limit,
  );
}

/**
 * The terms to search by: all of them in most cubes. Where they would match more rows than it is worth
 * to rank, the rarest: a word that half of the cube has tells nothing beside one that few have.
 */
function telling(index: TermIndex, hashes: readonly string[]): string[] {
  const counted = hashes.map((hash) => ({ hash, rows: index.rowsWith(hash) }));
  counted.sort((a, b) => a.rows - b.rows);
  let total = 0;
  const kept = counted.filter(({ rows }, place) => {
    total += rows;
    return place === 0 || total <= RANKED_ROWS;
  });
  return kept.map(({ hash }) => hash);
}
