import { type CubeRef, type Page, seesCube, type StoredCube, type Vault } from "@memcube/core";

import type { RedisConnection } from "../connection/connection.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import { listOf, textOf } from "../replies.ts";
import { readCubeLists } from "./cube-lists.ts";
import { readCube } from "./read-cube.ts";

type Query = Parameters<Vault["cubes"]>[0];

/** Cubes whose headers are asked for in one go. */
const SLICE = 250;

/** In the list of a tenant, who stands for all cubes. */
const ALL = "*";

/**
 * How old a registration must be before it is taken off for naming a cube that is not there, or not
 * for whom it names: it is made before its commit, which is long over then.
 */
const REGISTERED_MS = 3_600_000;

/** A cube that is dropped is taken off at once, unless it was made or changed just now. */
const DROPPED_MS = 60_000;

/**
 * `Vault.cubes`: goes through the cubes that name the caller and keeps those that the rule lets be
 * seen, until the page is full; with a total, to the end. Cost: one HMGET for each cube that names one
 * of the principals.
 */
export async function listCubes(
  connection: RedisConnection,
  query: Query,
): Promise<Page<StoredCube>> {
  const { tenantId, access, limit, withTotal = false } = query;
  const start = query.cursor === undefined ? "" : readCursor(query.cursor, "string")[0];
  const principals = "system" in access ? [ALL] : [...new Set(access.principals)];
  const isSeen = seenBy("system" in access ? undefined : access.principals);
  const isNamed = namedTo(principals);
  const items: StoredCube[] = [];
  let total = 0;
  let isPast = withTotal ? start === "" : true;
  let more = false;
  for (let after = withTotal ? "" : start; principals.length > 0;) {
    const ids = await idsAfter(connection, tenantId, principals, after);
    const cubes = await Promise.all(
      ids.map((cubeId) => readCube(connection, { tenantId, cubeId })),
    );
    const stale: string[] = [];
    for (const [place, cube] of cubes.entries()) {
      const cubeId = ids[place] ?? "";
      if (cube === undefined || !isNamed(cube)) stale.push(cubeId);
      if (cube === undefined || !isSeen(cube)) continue;
      total += 1;
      if (!isPast) isPast = compareBytes(cubeId, start) > 0;
      if (!isPast) continue;
      if (items.length < limit) items.push(cube);
      else more = true;
    }
    await Promise.all(
      stale.map((cubeId) => forget(connection, { tenantId, cubeId }, principals, REGISTERED_MS)),
    );
    const last = ids.at(-1);
    if (last === undefined || ids.length < SLICE || (more && !withTotal)) break;
    after = last;
  }
  const end = more ? items.at(-1) : undefined;
  return {
    items,
    ...(end === undefined ? {} : { cursor: writeCursor(end.ref.cubeId) }),
    ...(withTotal ? { total } : {}),
  };
}

async function idsAfter(
  connection: RedisConnection,
  tenantId: string,
  principals: readonly string[],
  after: string,
): Promise<string[]> {
  const args = [after, String(SLICE), ...principals];
  const key = connection.keys.cubeList(tenantId, "at");
  return listOf(await connection.run("list-cubes", [key], args)).map(textOf);
}

/** Names the cube to whoever its header lets see it. To be done before the commit of that header. */
export async function registerCube(
  connection: RedisConnection,
  { tenantId, cubeId }: CubeRef,
  header: string,
): Promise<void> {
  const { owner, allow } = readCubeLists(header);
  const key = connection.keys.cubeList(tenantId, "at");
  await connection.run("register-cube", [key], [cubeId, ALL, owner, ...allow]);
}

/** Takes a dropped cube off the lists. */
export async function unregisterCube(
  connection: RedisConnection,
  ref: CubeRef,
  header: string,
): Promise<void> {
  const { owner, allow } = readCubeLists(header);
  await forget(connection, ref, [ALL, owner, ...allow], DROPPED_MS);
}

async function forget(
  connection: RedisConnection,
  { tenantId, cubeId }: CubeRef,
  principals: readonly string[],
  olderThanMs: number,
): Promise<void> {
  const key = connection.keys.cubeList(tenantId, "at");
  await connection.run("unregister-cube", [key], [cubeId, String(olderThanMs), ...principals]);
}

function seenBy(principals: readonly string[] | undefined): (cube: StoredCube) => boolean {
  if (principals === undefined) return () => true;
  const set = new Set(principals);
  return (cube) => seesCube(set, readCubeLists(cube.content));
}

/** Whether a cube is on the list of one of the principals by right; its header may have changed. */
function namedTo(principals: readonly string[]): (cube: StoredCube) => boolean {
  const set = new Set(principals);
  return (cube) => {
    if (set.has(ALL)) return true;
    const { owner, allow } = readCubeLists(cube.content);
    return set.has(owner) || allow.some((principal) => set.has(principal));
  };
}

function compareBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
