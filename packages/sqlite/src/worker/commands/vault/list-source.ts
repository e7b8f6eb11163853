import type { VaultFilter } from "@memcube/core";
import type { SQLInputValue } from "node:sqlite";

import type { Connection } from "../../connection.ts";
import { rarestTag } from "./tag-index.ts";
import {
  CURRENT_COLUMNS,
  JOIN_CLASS,
  JOIN_VECTOR,
  PAST_COLUMNS,
  VECTOR_COLUMNS,
} from "./version-row.ts";

/** Where a list finds its rows: SQL around a condition on `m`, and the values for it in order. */
export interface ListSource {
  readonly rows: (where: string, vectors: boolean) => string;
  readonly count: (where: string) => string;
  readonly values: (values: readonly SQLInputValue[]) => SQLInputValue[];
  readonly orderBy: string;
}

/** Versions of then for a sequence number; else those of now, along the rarest tag if there are tags. */
export function sourceOf(
  db: Connection,
  cubeKey: number,
  { filter, seq }: { readonly filter: VaultFilter; readonly seq?: number },
): ListSource {
  if (seq !== undefined) return past(seq);
  const tag = rarestTag(db, cubeKey, filter.tags ?? []);
  return tag === undefined ? CURRENT : tagged(tag);
}

const CURRENT: ListSource = {
  rows: (where, vectors) => select(CURRENT_COLUMNS, "memory m", vectors, where),
  count: (where) => `SELECT count(*) AS total FROM memory m WHERE ${where}`,
  values: (values) => [...values],
  orderBy: "m.key",
};

// CROSS JOIN: SQLite keeps to this order.
const TAGGED = "tag g CROSS JOIN memory m ON m.key = g.key";

function tagged(digest: Uint8Array): ListSource {
  // The range of keys is one of the tag's rows, too: a page starts where the last one ended.
  const within = (where: string): string =>
    `g.digest = ? AND ${where.replaceAll(/\bm\.key ([<>])/g, "g.key $1")}`;
  return {
    rows: (where, vectors) => select(CURRENT_COLUMNS, TAGGED, vectors, within(where)),
    count: (where) => `SELECT count(*) AS total FROM ${TAGGED} WHERE ${within(where)}`,
    values: (values) => [digest, ...values],
    orderBy: "g.key",
  };
}

/** Some versions of then are replaced by now. */
function past(seq: number): ListSource {
  return {
    rows: (where, vectors) => `${select(CURRENT_COLUMNS, "memory m", vectors, where)}
      AND m.from_seq <= ? UNION ALL ${select(PAST_COLUMNS, "past m", vectors, where)}
      AND m.from_seq <= ? AND m.to_seq > ?`,
    count: (where) => `SELECT
      (SELECT count(*) FROM memory m WHERE ${where} AND m.from_seq <= ?)
      + (SELECT count(*) FROM past m WHERE ${where} AND m.from_seq <= ? AND m.to_seq > ?) AS total`,
    values: (values) => [...values, seq, ...values, seq, seq],
    orderBy: "1",
  };
}

function select(columns: string, from: string, vectors: boolean, where: string): string {
  const join = `${JOIN_CLASS} ${vectors ? JOIN_VECTOR : ""}`;
  return `SELECT ${columns}${vectors ? VECTOR_COLUMNS : ""} FROM ${from} ${join} WHERE ${where}`;
}
