import type { CubeRef, Position, StoredCube } from "@memcube/core";

import type { Context } from "../../context.ts";
import { keyIn, HEADER_ORDINAL } from "../../keys.ts";
import { type CubeRow, findCube } from "./cube-row.ts";

/** `Vault.position` */
export function position({ db }: Pick<Context, "db">, ref: CubeRef): Position | undefined {
  const row = findCube(db, ref);
  return row && { epoch: row.epoch, seq: row.seq, head: row.head };
}

type HeaderRow = Pick<StoredCube, "version" | "content" | "salt" | "commitment">;

const HEADER = "SELECT version, content, salt, commitment FROM memory WHERE key = ?";

/** `Vault.cube` */
export function cube({ db }: Pick<Context, "db">, ref: CubeRef): StoredCube | undefined {
  const row = findCube(db, ref);
  const header = row && db.get<HeaderRow>(HEADER, keyIn(row.key, HEADER_ORDINAL));
  return row && header && storedCube(ref, row, header);
}

interface CubesQuery {
  readonly tenantId: string;
  /** Only cubes that name one of these as owner or reader; left out, all. */
  readonly principals?: readonly string[];
  readonly after?: string;
  readonly limit: number;
}

const COLUMNS = `c.id AS cube_id, c.epoch, c.seq, c.head, c.at,
  m.version, m.content, m.salt, m.commitment`;

const ALL = `SELECT ${COLUMNS} FROM cube c JOIN memory m ON m.key = c.key * 1073741824
  WHERE c.tenant = ? AND c.id > ? AND c.dropped = 0 ORDER BY c.id LIMIT ?`;

const NAMING = `SELECT ${COLUMNS} FROM cube c JOIN memory m ON m.key = c.key * 1073741824
  WHERE c.tenant = ? AND c.id > ? AND c.dropped = 0 AND c.key IN (
    SELECT cube FROM cube_reader WHERE principal IN (SELECT value FROM json_each(?))
  ) ORDER BY c.id LIMIT ?`;

type ListedRow = Pick<CubeRow, "epoch" | "seq" | "head" | "at"> & HeaderRow & { cube_id: string };

/**
 * Cubes that may be seen, by id: a superset, as deny lists are not looked at. Who asks applies the
 * rule itself to the headers.
 */
export function cubes({ db }: Context, query: CubesQuery): StoredCube[] {
  const { tenantId, principals, after = "", limit } = query;
  const rows =
    principals === undefined
      ? db.all<ListedRow>(ALL, tenantId, after, limit)
      : db.all<ListedRow>(NAMING, tenantId, after, JSON.stringify(principals), limit);
  return rows.map((row) => storedCube({ tenantId, cubeId: row.cube_id }, row, row));
}

function storedCube(
  ref: CubeRef,
  { epoch, seq, head, at }: Pick<CubeRow, "epoch" | "seq" | "head" | "at">,
  { version, content, salt, commitment }: HeaderRow,
): StoredCube {
  return { ref, version, content, salt, commitment, position: { epoch, seq, head }, at };
}
