import type { StoredVersion } from "@memcube/core";

import { HEADER_ID, HEADER_ORDINAL, keyIn } from "../../keys.ts";
import { conditionsOf } from "./filter.ts";
import {
  CURRENT_COLUMNS,
  JOIN_CLASS,
  PAST_COLUMNS,
  storedVersion,
  type VersionRow,
} from "./version-row.ts";
import type { GuardedRead } from "./visible.ts";

export interface VersionsQuery {
  readonly id: string;
  readonly limit: number;
  readonly below?: number;
}

/** `Vault.versions`; those of the header for the system only. */
export function versions({
  db,
  cube,
  isSystem,
  classes,
  query,
}: GuardedRead<VersionsQuery>): StoredVersion[] {
  const { id, limit, below = Number.MAX_SAFE_INTEGER } = query;
  const key = keyOf();
  if (key === undefined) return [];
  const { sql, values } = conditionsOf({ cube, classes });
  const where = `${JOIN_CLASS} WHERE m.key = ? AND m.version < ?${sql}`;
  const rows = db.all<VersionRow>(
    `SELECT ${CURRENT_COLUMNS} FROM memory m ${where}
     UNION ALL SELECT ${PAST_COLUMNS} FROM past m ${where}
     ORDER BY 3 DESC LIMIT ?`,
    key,
    below,
    ...values,
    key,
    below,
    ...values,
    limit,
  );
  return rows.map(storedVersion);

  function keyOf(): number | undefined {
    if (id === HEADER_ID) return isSystem ? keyIn(cube.key, HEADER_ORDINAL) : undefined;
    const find = "SELECT key FROM memory WHERE cube = ? AND id = ?";
    return db.get<{ key: number }>(find, cube.key, id)?.key;
  }
}
