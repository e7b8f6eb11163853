import { type CubeHeader, cubeHeaderSchema } from "@memcube/core";
import { z } from "zod";

import { damaged } from "../replies.ts";

/** The part that decides who sees a cube; a newer core may have added other members. */
const listsSchema = z.object(cubeHeaderSchema.pick({ owner: true, allow: true, deny: true }).shape);

export type CubeLists = Pick<CubeHeader, "owner" | "allow" | "deny">;

/** Who may read, from a cube's header as stored. @throws MemCubeError `MEMCUBE_STORAGE_DAMAGED` */
export function readCubeLists(content: string): CubeLists {
  try {
    return listsSchema.parse(JSON.parse(content));
  } catch (cause) {
    throw damaged("the header of a cube", cause);
  }
}
