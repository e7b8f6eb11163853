import type { StoredVersion } from "@memcube/core";
import type { SQLInputValue } from "node:sqlite";

import { digestOf } from "../../digest.ts";
import { keyIn, HEADER_ORDINAL } from "../../keys.ts";
import { conditionsOf } from "./filter.ts";
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

export interface ReadAt {
  readonly seq?: number;
  readonly now?: number;
  readonly vectors?: boolean;
}

/** `Vault.read` */
export function read(
  input: GuardedRead<ReadAt & { readonly ids: readonly string[] }>,
): StoredVersion[] {
  return readBy(input, "id", input.query.ids);
}

/** `Vault.readByKey` */
export function readByKey(
  input: GuardedRead<ReadAt & { readonly externalKeys: readonly string[] }>,
): StoredVersion[] {
  const { cube, query } = input;
  const digests = query.externalKeys.map((key) => digestOf(cube.key, key));
  return readBy(input, "key_digest", digests);
}

function readBy(
  { db, cube, classes, query }: GuardedRead<ReadAt>,
  column: "id" | "key_digest",
  wanted: readonly SQLInputValue[],
): StoredVersion[] {
  const { now, vectors = false, seq } = query;
  const { sql, values } = conditionsOf({ cube, classes, now });
  const vector = vectors ? VECTOR_COLUMNS : "";
  const from = `${JOIN_CLASS} ${vectors ? JOIN_VECTOR : ""} WHERE m.cube = ? AND m.${column} = ?
    AND m.key > ?`;
  const headerKey = keyIn(cube.key, HEADER_ORDINAL);
  const current = `SELECT ${CURRENT_COLUMNS}${vector} FROM memory m ${from} AND m.from_seq <= ? ${sql}`;
  const past = `SELECT ${PAST_COLUMNS}${vector} FROM past m ${from}
    AND m.from_seq <= ? AND m.to_seq > ? ${sql}`;
  return wanted.flatMap((value) => {
    const place = [cube.key, value, headerKey] as const;
    const at = seq ?? cube.seq;
    let row = db.get<VersionRow>(current, ...place, at, ...values);
    if (row === undefined && seq !== undefined) {
      row = db.get<VersionRow>(past, ...place, seq, seq, ...values);
    }
    return row === undefined ? [] : [storedVersion(row)];
  });
}
