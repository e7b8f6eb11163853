import type { CubeRef, CubeStats } from "@memcube/core";

import type { Context } from "../../context.ts";
import { keyIn, lastKey } from "../../keys.ts";
import { findCube } from "./cube-row.ts";

const EMPTY: CubeStats = {
  memories: 0,
  versions: 0,
  vectors: 0,
  commits: 0,
  segments: 0,
  contentBytes: 0,
};

interface Sums {
  readonly count: number;
  readonly bytes: number;
}

/** `Vault.stats`; all zero when there is no cube. The header's own versions are not counted. */
export function stats({ db }: Context, ref: CubeRef): CubeStats {
  const cube = findCube(db, ref);
  if (cube === undefined) return EMPTY;
  const range = [keyIn(cube.key, 0), lastKey(cube.key)];
  const count = (table: "vector" | "log" | "segment"): number =>
    db.get<Sums>(`SELECT count(*) AS count FROM ${table} WHERE key > ? AND key <= ?`, ...range)
      ?.count ?? 0;
  const sums = (table: "memory" | "past"): Sums =>
    db.get<Sums>(
      `SELECT count(*) AS count, coalesce(sum(octet_length(content)), 0) AS bytes
       FROM ${table} WHERE key > ? AND key <= ?`,
      ...range,
    ) ?? { count: 0, bytes: 0 };
  const current = sums("memory");
  const past = sums("past");
  return {
    memories: current.count,
    versions: current.count + past.count,
    vectors: count("vector"),
    commits: count("log"),
    segments: count("segment"),
    contentBytes: current.bytes + past.bytes,
  };
}
