import { LIMITS } from "../limits.ts";
import { sha256Hex } from "./canonical.ts";
import type { Payload } from "./payload/index.ts";

/** Where a value lies among others, from the general to the particular; its own name is the last. */
export type Path = readonly string[];

/**
 * The external key of the value at a path: one for each path, whatever its elements hold. Readable
 * unless it would be longer than an id.
 */
export function pathKey(path: Path): string {
  const key = `path:${path.map((element) => `${escaped(element)}/`).join("")}`;
  return key.length <= LIMITS.idChars ? key : `path#${sha256Hex(JSON.stringify(path))}`;
}

/** An element without "/", "#" and control characters. */
function escaped(element: string): string {
  return encodeURIComponent(element.toWellFormed());
}

/**
 * What a vault and the index know a value by beside its tags: the paths it lies beneath, the empty one
 * first. Empty for what has no path.
 */
export function pathLabels(payload: Payload): string[] {
  const path = pathOf(payload);
  return path === undefined ? [] : path.map((_, depth) => pathKey(path.slice(0, depth)));
}

/** The path of a payload that has one. */
export function pathOf(payload: Payload): Path | undefined {
  return payload.type === "json" ? payload.path : undefined;
}

/** Whether `path` lies beneath `above`, element by element: `["a", "b"]` beneath `["a"]`. */
export function isBeneath(path: Path | undefined, above: Path): boolean {
  return (
    path !== undefined &&
    path.length > above.length &&
    above.every((element, at) => path[at] === element)
  );
}
