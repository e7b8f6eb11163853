import type { CubeRef } from "@memcube/core";

import type { Connection } from "../../connection.ts";
import { cubeNotFound } from "../../refusal.ts";

export interface CubeRow {
  readonly key: number;
  readonly epoch: string;
  readonly seq: number;
  readonly head: string;
  readonly at: number;
  readonly next_ordinal: number;
  readonly visibility: number;
}

const FIND = `SELECT key, epoch, seq, head, at, next_ordinal, visibility
  FROM cube WHERE tenant = ? AND id = ? AND dropped = 0`;

export function findCube(db: Connection, ref: CubeRef): CubeRow | undefined {
  return db.get<CubeRow>(FIND, ref.tenantId, ref.cubeId);
}

/** @throws Refusal `MEMCUBE_CUBE_NOT_FOUND` */
export function needCube(db: Connection, ref: CubeRef): CubeRow {
  const cube = findCube(db, ref);
  if (cube === undefined) throw cubeNotFound(ref.cubeId);
  return cube;
}
