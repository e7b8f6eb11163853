import type { CubeHeader } from "./cube.ts";
import type { GovernanceHeader } from "./header.ts";
import type { Principal } from "./principal.ts";

/**
 * The part of a memory's header that decides who sees it. Memories with equal lists form one
 * visibility class, so a storage filters by a handful of classes instead of by lists on each row.
 */
export interface VisibilityClass {
  /** Who sees it; `undefined` inherits the cube's readers, so a change there is one commit. */
  readonly allow?: readonly Principal[];
  readonly deny: readonly Principal[];
}

type CubeLists = Pick<CubeHeader, "owner" | "allow" | "deny">;

/** Materialises a header's lists: sorted, without doubles, the owner always among the allowed. */
export function visibilityOf(
  header: Pick<GovernanceHeader, "owner" | "allow" | "deny">,
): VisibilityClass {
  const deny = sorted(header.deny ?? []);
  return header.allow === undefined
    ? { deny }
    : { allow: sorted([header.owner, ...header.allow]), deny };
}

/** The class as a stable key: equal lists, equal key. */
export function visibilityKey(visibility: VisibilityClass): string {
  return JSON.stringify([visibility.allow ?? null, visibility.deny]);
}

/** Reads a key back. Only for keys made by {@link visibilityKey}. */
export function visibilityFromKey(key: string): VisibilityClass {
  const [allow, deny] = JSON.parse(key) as [Principal[] | null, Principal[]];
  return allow === null ? { deny } : { allow, deny };
}

/** Whether somebody with these principals sees the cube at all. Deny wins. */
export function seesCube(principals: ReadonlySet<string>, cube: CubeLists): boolean {
  if (intersects(principals, cube.deny)) return false;
  return principals.has(cube.owner) || intersects(principals, cube.allow);
}

/**
 * Whether somebody with these principals sees memories of the class in the cube. Pure, and the only
 * rule: every storage and the in-process index apply it, inside their queries.
 */
export function seesClass(
  principals: ReadonlySet<string>,
  visibility: VisibilityClass,
  cube: CubeLists,
): boolean {
  if (!seesCube(principals, cube) || intersects(principals, visibility.deny)) return false;
  return visibility.allow === undefined || intersects(principals, visibility.allow);
}

function intersects(principals: ReadonlySet<string>, list: readonly string[]): boolean {
  return list.some((principal) => principals.has(principal));
}

function sorted(list: readonly Principal[]): Principal[] {
  return [...new Set(list)].sort();
}
