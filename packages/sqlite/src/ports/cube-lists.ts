import { type CubeHeader, cubeHeaderSchema, MemCubeError } from "@memcube/core";
import { z } from "zod";

/** The part that decides who sees a cube; a newer core may have added other members. */
const listsSchema = z.object(cubeHeaderSchema.pick({ owner: true, allow: true, deny: true }).shape);

export type CubeLists = Pick<CubeHeader, "owner" | "allow" | "deny">;

/** Who may read, from a cube's header as stored. @throws MemCubeError `MEMCUBE_STORAGE_DAMAGED` */
export function readCubeLists(content: string): CubeLists {
  try {
    return listsSchema.parse(JSON.parse(content));
  } catch (cause) {
    const why = "The header of a cube is not what was written. Restore a backup.";
    throw new MemCubeError("MEMCUBE_STORAGE_DAMAGED", why, { cause });
  }
}
