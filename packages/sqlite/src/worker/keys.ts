/**
 * Rows of a cube lie together: the key of a memory is its cube's key times this plus its ordinal, the
 * key of a log line its cube's key times this plus its sequence number. Some 10^9 memories (and
 * commits) in a cube, 8 million cubes in a file, and every key a safe integer.
 */
export const CUBE_SPAN = 2 ** 30;

/** Ordinal of the cube's own header among its memories. */
export const HEADER_ORDINAL = 0;

/** Id under which the cube's header keeps its versions. */
export const HEADER_ID = "@cube";

export function keyIn(cubeKey: number, ordinal: number): number {
  return cubeKey * CUBE_SPAN + ordinal;
}

export function ordinalOf(key: number): number {
  return key % CUBE_SPAN;
}

/** Last key of a cube. */
export function lastKey(cubeKey: number): number {
  return keyIn(cubeKey, CUBE_SPAN - 1);
}
