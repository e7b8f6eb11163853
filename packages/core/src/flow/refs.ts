import type { Memory, MemoryRef } from "../memory/index.ts";

/** What names a memory across cubes. */
export function refOf({ header }: Memory): MemoryRef {
  return { cubeId: header.cubeId, id: header.id };
}

/** A reference as one key for maps: two cubes may hold the same id. */
export function refKey({ cubeId, id }: MemoryRef): string {
  return JSON.stringify([cubeId, id]);
}
