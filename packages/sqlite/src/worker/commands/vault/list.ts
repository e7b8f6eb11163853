import type { StoredVersion, VaultFilter } from "@memcube/core";

import { pageOf, readCursor, writeCursor } from "../../cursor.ts";
import { HEADER_ORDINAL, keyIn, lastKey, ordinalOf } from "../../keys.ts";
import { conditionsOf } from "./filter.ts";
import { sourceOf } from "./list-source.ts";
import type { ReadAt } from "./read.ts";
import { storedVersion, type VersionRow } from "./version-row.ts";
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
  const { filter, now, order, limit, cursor, vectors = false } = query;
  const wanted = conditionsOf({ cube, filter, classes, now });
  const [after] = cursor === undefined ? [undefined] : readCursor(cursor, "number");
  const oldest = order === "oldest";
  const from = oldest && after !== undefined ? after : HEADER_ORDINAL;
  const below = oldest || after === undefined ? lastKey(cube.key) : keyIn(cube.key, after);
  const source = sourceOf(db, cube.key, query);
  const where = `m.key > ? AND m.key < ?${wanted.sql}`;
  const range = [keyIn(cube.key, from), below, ...wanted.values];
  const direction = oldest ? "ASC" : "DESC";
  const sql = `${source.rows(where, vectors)} ORDER BY ${source.orderBy} ${direction} LIMIT ?`;
  const found = db.all<VersionRow>(sql, ...source.values(range), limit + 1);
  const page = pageOf(found, limit, {
    item: storedVersion,
    cursor: (row) => writeCursor(ordinalOf(row.key)),
  });
  if (query.withTotal !== true) return page;
  const whole = [keyIn(cube.key, HEADER_ORDINAL), lastKey(cube.key), ...wanted.values];
  const counted = db.get<{ total: number }>(source.count(where), ...source.values(whole));
  return { ...page, total: counted?.total ?? 0 };
}
