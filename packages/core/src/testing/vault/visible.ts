import type { Access } from "../../flow/index.ts";
import { type CubeHeader, seesClass, seesCube, visibilityFromKey } from "../../memory/index.ts";
import type { CubeRow, VersionRow } from "../memory-data.ts";

/** Key of the class that nobody is in: only the system reads versions of a cube's header. */
export const SYSTEM_ONLY = "[[],[]]";

/** The header that decides who reads, whatever was true at the sequence number asked for. */
export function headerOf(cube: CubeRow): CubeHeader {
  const current = cube.headers.at(-1);
  if (current === undefined) throw new TypeError("a cube without a header");
  return current.header;
}

export function seesVersion(access: Access, cube: CubeRow, version: VersionRow): boolean {
  if ("system" in access) return true;
  const visibility = visibilityFromKey(version.index.visibility);
  return seesClass(new Set(access.principals), visibility, headerOf(cube));
}

export function seesWholeCube(access: Access, cube: CubeRow): boolean {
  return "system" in access || seesCube(new Set(access.principals), headerOf(cube));
}
