import { z } from "zod";

import { LIMITS } from "../limits.ts";

/**
 * What no id and no principal may hold: control characters. One class for both, so that whoever has
 * an id is also a principal that can be stored.
 */
export const FORBIDDEN_IN_IDS = "\\u0000-\\u001f\\u007f-\\u009f";

/** Non-empty text without control characters, at most `LIMITS.idChars` characters. */
export const idSchema = z
  .string()
  .min(1)
  .max(LIMITS.idChars)
  // Ids end up in keys, files and terminals.
  .regex(
    new RegExp(`^[^${FORBIDDEN_IN_IDS}]+$`, "u"),
    "control characters are not allowed in an id",
  )
  .refine((id) => id.isWellFormed(), "an id must be well-formed Unicode")
  .refine((id) => id !== "@cube", "@cube names the cube's own header");

/** Names a cube. The tenant is an isolation boundary and part of every key. */
export interface CubeRef {
  readonly tenantId: string;
  readonly cubeId: string;
}

/** Names a memory across cubes: ids are unique within their cube. */
export interface MemoryRef {
  readonly cubeId: string;
  readonly id: string;
}

export const memoryRefSchema = z.strictObject({ cubeId: idSchema, id: idSchema });

/** Keys made before: the same ref object asks again with every search and hit. */
const KEYS = new WeakMap<CubeRef, string>();

/** One key for a cube in a `Map`; tenant and cube can't be confused (JSON-quoted). */
export function cubeKey(ref: CubeRef): string {
  let key = KEYS.get(ref);
  if (key === undefined) {
    key = JSON.stringify([ref.tenantId, ref.cubeId]);
    KEYS.set(ref, key);
  }
  return key;
}
