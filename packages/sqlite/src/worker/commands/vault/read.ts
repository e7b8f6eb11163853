import { digestOf } from "../../digest.ts";
import { keyIn, HEADER_ORDINAL } from "../../keys.ts";
import { conditionsOf } from "./filter.ts";
import {
  CURRENT_COLUMNS,
  JOIN_CLASS,
  JOIN_VECTOR,
  PAST_COLUMNS,
  VECTOR_COLUMNS,
  type VersionTuple,
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
): VersionTuple[] {
  return readBy(input, "m.id = wanted.value", input.query.ids);
}

/** `Vault.readByKey` */
export function readByKey(
  input: GuardedRead<ReadAt & { readonly externalKeys: readonly string[] }>,
): VersionTuple[] {
  const { cube, query } = input;
  const digests = query.externalKeys.map((key) =>
    Buffer.from(digestOf(cube.key, key)).toString("hex"),
  );
  return readBy(input, "m.key_digest = unhex(wanted.value)", digests);
}

/** Reads what is wanted with one statement: a statement for each costs twice as much. */
function readBy(
  { db, cube, classes, query }: GuardedRead<ReadAt>,
  isWanted: string,
  wanted: readonly string[],
): VersionTuple[] {
  const { now, vectors = false, seq } = query;
  const { sql, values } = conditionsOf({ cube, classes, now });
  const headerKey = keyIn(cube.key, HEADER_ORDINAL);
  const vectorColumns = vectors ? VECTOR_COLUMNS : "";
  // CROSS JOIN keeps SQLite from going through the cube in search of what is wanted.
  const from = (table: string): string => `FROM json_each(?) wanted
    CROSS JOIN ${table} m ON m.cube = ? AND ${isWanted} ${JOIN_CLASS} ${vectors ? JOIN_VECTOR : ""}
    WHERE m.key > ? AND m.from_seq <= ?`;
  const current = db.tuples<VersionTuple>(
    `SELECT wanted.key, ${CURRENT_COLUMNS}${vectorColumns} ${from("memory")} ${sql}`,
    JSON.stringify(wanted),
    cube.key,
    headerKey,
    seq ?? cube.seq,
    ...values,
  );
  const found = new Map(current.map((row) => [row[0], row]));
  if (seq !== undefined && found.size < wanted.length) {
    const past = db.tuples<VersionTuple>(
      `SELECT wanted.key, ${PAST_COLUMNS}${vectorColumns} ${from("past")}
        AND m.to_seq > ? ${sql}`,
      JSON.stringify(wanted.map((value, place) => (found.has(place) ? null : value))),
      cube.key,
      headerKey,
      seq,
      seq,
      ...values,
    );
    for (const row of past) found.set(row[0], row);
  }
  return wanted.flatMap((_, place) => {
    const row = found.get(place);
    return row === undefined ? [] : [row];
  });
}
