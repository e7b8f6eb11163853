import type { CubeRef } from "@memcube/core";

import type { Connection } from "../../connection.ts";
import type { Context } from "../../context.ts";
import { keyIn, lastKey } from "../../keys.ts";
import type { TermEntry } from "../../term-index.ts";
import { findCube } from "./cube-row.ts";
import { eraseMemory } from "./erase-memory.ts";

/** Memories destroyed in one transaction: keeps it within some 50 ms. */
const SLICE_ROWS = 100;

/** Other rows destroyed in one transaction. */
const SLICE_LINES = 1_000;

/**
 * First half of `Vault.dropCube`: from this commit on the cube is not there, and its name is free.
 * What it holds is destroyed in slices by {@link purgeDropped}, also after a crash.
 */
export function dropCube({ db }: Context, ref: CubeRef): boolean {
  const cube = findCube(db, ref);
  if (cube === undefined) return false;
  db.run("UPDATE cube SET dropped = 1, tenant = '', id = '' WHERE key = ?", cube.key);
  db.run("DELETE FROM usage WHERE tenant = ? AND cube = ?", ref.tenantId, ref.cubeId);
  return true;
}

/** Destroys a slice of what dropped cubes hold; true while something is left. */
export function purgeDropped(context: Context): boolean {
  const { db } = context;
  const dropped = "SELECT key FROM cube WHERE dropped = 1 LIMIT 1";
  const cube = db.get<{ key: number }>(dropped)?.key;
  if (cube === undefined) return false;
  context.erased();
  if (purgeMemories(context, cube) || purgeLines(db, cube)) return true;
  for (const table of ["class", "cube_reader", "receipt", "lease", "mark"]) {
    db.run(`DELETE FROM ${table} WHERE cube = ?`, cube);
  }
  db.run("DELETE FROM cube WHERE key = ?", cube);
  return db.get(dropped) !== undefined;
}

function purgeMemories(context: Context, cube: number): boolean {
  const rows = context.db.all<TermEntry>(
    "SELECT key, class, terms FROM memory WHERE key BETWEEN ? AND ? ORDER BY key LIMIT ?",
    keyIn(cube, 0),
    lastKey(cube),
    SLICE_ROWS,
  );
  for (const row of rows) eraseMemory(context, row);
  return rows.length > 0;
}

function purgeLines(db: Connection, cube: number): boolean {
  for (const table of ["log", "seal", "segment"]) {
    const gone = db.run(
      `DELETE FROM ${table} WHERE key IN
        (SELECT key FROM ${table} WHERE key BETWEEN ? AND ? LIMIT ${SLICE_LINES})`,
      keyIn(cube, 0),
      lastKey(cube),
    );
    if (gone > 0) return true;
  }
  return false;
}
