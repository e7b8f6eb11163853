import {
  LIMITS,
  MemCubeError,
  type Page,
  seesCube,
  type StoredCube,
  type Vault,
} from "@memcube/core";

import type { Call } from "../client.ts";
import { readCubeLists } from "./cube-lists.ts";

type Query = Parameters<Vault["cubes"]>[0];

/**
 * `Vault.cubes`: goes through the cubes that name the caller and keeps those that the rule lets be
 * seen, until the page is full; with a total, to the end.
 */
export async function listCubes(call: Call, query: Query): Promise<Page<StoredCube>> {
  const { tenantId, access, limit, withTotal = false } = query;
  const start = query.cursor === undefined ? "" : readCursor(query.cursor);
  const principals = "system" in access ? undefined : access.principals;
  const isSeen = seenBy(principals);
  const items: StoredCube[] = [];
  let total = 0;
  let more = false;
  for (let after = withTotal ? "" : start; ;) {
    const found = await call("vault.cubes", {
      tenantId,
      principals,
      after,
      limit: LIMITS.pageRows,
    });
    for (const cube of found) {
      if (!isSeen(cube)) continue;
      total += 1;
      if (cube.ref.cubeId <= start) continue;
      if (items.length < limit) items.push(cube);
      else more = true;
    }
    const last = found.at(-1);
    if (last === undefined || found.length < LIMITS.pageRows || (more && !withTotal)) break;
    after = last.ref.cubeId;
  }
  const end = more ? items.at(-1) : undefined;
  return {
    items,
    ...(end === undefined ? {} : { cursor: JSON.stringify(end.ref.cubeId) }),
    ...(withTotal ? { total } : {}),
  };
}

function seenBy(principals: readonly string[] | undefined): (cube: StoredCube) => boolean {
  if (principals === undefined) return () => true;
  const set = new Set(principals);
  return (cube) => seesCube(set, readCubeLists(cube.content));
}

function readCursor(cursor: string): string {
  try {
    const cubeId: unknown = JSON.parse(cursor);
    if (typeof cubeId === "string") return cubeId;
  } catch {
    // Said below.
  }
  throw new MemCubeError("MEMCUBE_INVALID_INPUT", "Not a cursor of this listing.");
}
