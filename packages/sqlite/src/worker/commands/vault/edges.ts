import type { EdgeType, MemoryRef, Page, StoredEdge } from "@memcube/core";

import { pageOf, readCursor, writeCursor } from "../../cursor.ts";
import { HEADER_ORDINAL, keyIn, lastKey, ordinalOf } from "../../keys.ts";
import { conditionsOf } from "./filter.ts";
import type { GuardedRead } from "./visible.ts";

export interface EdgesQuery {
  readonly target: MemoryRef;
  readonly types?: readonly EdgeType[];
  readonly limit: number;
  readonly cursor?: string;
}

interface EdgeRow {
  readonly source: number;
  readonly place: number;
  readonly type: EdgeType;
  readonly to_version: number | null;
  readonly weight: number | null;
  readonly id: string;
  readonly version: number;
}

/** `Vault.edgesTo`: by the memory they start from, oldest first, then in the order it lists them. */
export function edgesTo({ db, cube, classes, query }: GuardedRead<EdgesQuery>): Page<StoredEdge> {
  const { target, types, limit, cursor } = query;
  const [ordinal, place] =
    cursor === undefined ? [HEADER_ORDINAL, 0] : readCursor(cursor, "number", "number");
  const { sql, values } = conditionsOf({ cube, classes });
  const ofTypes = types === undefined ? "" : "AND e.type IN (SELECT value FROM json_each(?))";
  const rows = db.all<EdgeRow>(
    `SELECT e.source, e.place, e.type, e.to_version, e.weight, m.id, m.version
     FROM edge e JOIN memory m ON m.key = e.source
     WHERE e.to_id = ? AND e.to_cube = ? AND e.source < ? AND (e.source, e.place) > (?, ?)
     ${ofTypes} ${sql} ORDER BY e.source, e.place LIMIT ?`,
    target.id,
    target.cubeId,
    lastKey(cube.key),
    keyIn(cube.key, ordinal),
    place,
    ...(types === undefined ? [] : [JSON.stringify(types)]),
    ...values,
    limit + 1,
  );
  return pageOf(rows, limit, {
    item: (row) => storedEdge(row, target),
    cursor: (row) => writeCursor(ordinalOf(row.source), row.place),
  });
}

function storedEdge(row: EdgeRow, to: MemoryRef): StoredEdge {
  const { type, id, version, to_version: toVersion, weight } = row;
  return {
    type,
    to,
    from: id,
    fromVersion: version,
    ...(toVersion === null ? {} : { toVersion }),
    ...(weight === null ? {} : { weight }),
  };
}
