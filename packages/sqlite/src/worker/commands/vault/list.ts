import type { StoredVersion, VaultFilter } from "@memcube/core";
import type { SQLInputValue } from "node:sqlite";

import { pageOf, readCursor, writeCursor } from "../../cursor.ts";
import { HEADER_ORDINAL, keyIn, lastKey, ordinalOf } from "../../keys.ts";
import { conditionsOf } from "./filter.ts";
import type { ReadAt } from "./read.ts";
import {
  CURRENT_COLUMNS,
  JOIN_CLASS,
  JOIN_VECTOR,
  PAST_COLUMNS,
  storedVersion,
  VECTOR_COLUMNS,
  type VersionRow,
} from "./version-row.ts";
import type { GuardedRead } from "./visible.ts";

export interface ListQuery extends ReadAt {
  readonly filter: VaultFilter;
  readonly order: "oldest" | "newest";
  readonly limit: number;
  readonly cursor?: string;
  readonly withTotal?: boolean;
}

export interface ListPage {
  readonly items: StoredVersion[];
  readonly cursor?: string;
  readonly total?: number;
}

/** `Vault.list` */
export function list({ db, cube, classes, query }: GuardedRead<ListQuery>): ListPage {
  const { filter, now, order, limit, cursor, vectors = false, seq } = query;
  const wanted = conditionsOf({ cube, filter, classes, now });
  const [after] = cursor === undefined ? [undefined] : readCursor(cursor, "number");
  const oldest = order === "oldest";
  const from = oldest && after !== undefined ? after : HEADER_ORDINAL;
  const below = oldest || after === undefined ? lastKey(cube.key) : keyIn(cube.key, after);
  const rows = rowsAt(seq, `m.key > ? AND m.key < ?${wanted.sql}`, vectors);
  const range = [keyIn(cube.key, from), below, ...wanted.values];
  const sql = `${rows} ORDER BY 1 ${oldest ? "ASC" : "DESC"} LIMIT ?`;
  const found = db.all<VersionRow>(sql, ...valuesAt(seq, range), limit + 1);
  const page = pageOf(found, limit, {
    item: storedVersion,
    cursor: (row) => writeCursor(ordinalOf(row.key)),
  });
  if (query.withTotal !== true) return page;
  const whole = [keyIn(cube.key, HEADER_ORDINAL), lastKey(cube.key), ...wanted.values];
  const count = countAt(seq, `m.key > ? AND m.key < ?${wanted.sql}`);
  return { ...page, total: db.get<{ total: number }>(count, ...valuesAt(seq, whole))?.total ?? 0 };
}

/** Current versions; with a sequence number, those of then: some are replaced by now. */
function rowsAt(seq: number | undefined, where: string, vectors: boolean): string {
  const join = `${JOIN_CLASS} ${vectors ? JOIN_VECTOR : ""}`;
  const vector = vectors ? VECTOR_COLUMNS : "";
  const current = `SELECT ${CURRENT_COLUMNS}${vector} FROM memory m ${join} WHERE ${where}`;
  if (seq === undefined) return current;
  return `${current} AND m.from_seq <= ?
    UNION ALL SELECT ${PAST_COLUMNS}${vector} FROM past m ${join}
    WHERE ${where} AND m.from_seq <= ? AND m.to_seq > ?`;
}

function countAt(seq: number | undefined, where: string): string {
  const current = `SELECT count(*) AS total FROM memory m WHERE ${where}`;
  if (seq === undefined) return current;
  return `SELECT (${current} AND m.from_seq <= ?)
    + (SELECT count(*) FROM past m WHERE ${where} AND m.from_seq <= ? AND m.to_seq > ?) AS total`;
}

function valuesAt(seq: number | undefined, values: readonly SQLInputValue[]): SQLInputValue[] {
  return seq === undefined ? [...values] : [...values, seq, ...values, seq, seq];
}
