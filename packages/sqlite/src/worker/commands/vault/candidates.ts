import type { VaultFilter } from "@memcube/core";

import { HEADER_ORDINAL, keyIn, lastKey } from "../../keys.ts";
import { conditionsOf } from "./filter.ts";
import { matchOf } from "./terms.ts";
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

/** `Vault.candidates`: FTS5's BM25, within the caller's classes. */
export function candidates({
  db,
  cube,
  classes,
  query,
}: GuardedRead<CandidatesQuery>): { id: string; score: number }[] {
  const allowed = classes === undefined ? undefined : (JSON.parse(classes) as number[]);
  if (allowed?.length === 0) return [];
  const matched = allowed !== undefined && allowed.length <= MATCHED_CLASSES ? allowed : undefined;
  const match = matchOf(cube.key, query.terms.slice(0, MATCHED_TERMS), matched);
  if (match === undefined) return [];
  const { sql, values } = conditionsOf({ filter: query.filter, classes, now: query.now });
  return db.all(
    `SELECT m.id, -t.rank AS score FROM term_index t CROSS JOIN memory m ON m.key = t.rowid
     WHERE t.term_index MATCH ? AND m.key > ? AND m.key < ?${sql} ORDER BY t.rank LIMIT ?`,
    ...[match, keyIn(cube.key, HEADER_ORDINAL), lastKey(cube.key), ...values, query.limit],
  );
}
