import type { ErrorCode } from "@memcube/core";

/**
 * What a cube is, in the fewest words: one map of memories for each commit. Reading at a sequence
 * number is reading that map; an erasure takes an id out of all of them.
 */
export interface CubeModel {
  readonly epoch: string;
  /** After commit `index + 1`. A map keeps its keys in creation order. */
  readonly states: readonly State[];
  /** Sequence number under each idempotency key. */
  readonly keys: ReadonlyMap<string, number>;
  /** Highest version that each id ever had: an id that is used again goes on from there. */
  readonly highest: ReadonlyMap<string, number>;
}

export type State = ReadonlyMap<string, MemoryModel>;

export interface MemoryModel {
  readonly version: number;
  readonly text: string;
  readonly externalKey?: string;
  /** Denied to the user whom the commands read as. */
  readonly hidden: boolean;
}

export type WriteModel =
  | ({ readonly op: "put"; readonly id: string; readonly expectedVersion: number } & Omit<
      MemoryModel,
      "version"
    >)
  | { readonly op: "erase"; readonly id: string; readonly expectedVersion?: number };

/** What must come of a commit: the cube after it, a replay of an earlier one, or an error. */
export type Outcome =
  | { readonly cube: CubeModel }
  | { readonly replayed: number }
  | { readonly error: ErrorCode };

export function newCube(epoch: string): CubeModel {
  return { epoch, states: [new Map()], keys: new Map(), highest: new Map() };
}

export function commit(
  cube: CubeModel | undefined,
  writes: readonly WriteModel[],
  key?: string,
): Outcome {
  if (cube === undefined) return { error: "MEMCUBE_CUBE_NOT_FOUND" };
  const replayed = key === undefined ? undefined : cube.keys.get(key);
  if (replayed !== undefined) return { replayed };

  const before = current(cube);
  const stale = writes.some(
    ({ id, expectedVersion }) =>
      expectedVersion !== undefined && expectedVersion !== (before.get(id)?.version ?? 0),
  );
  if (stale) return { error: "MEMCUBE_CONFLICT" };

  const written = writes.reduce(write, cube);
  const after = current(written);
  const taken = [...after.values()].flatMap(({ externalKey }) => externalKey ?? []);
  if (new Set(taken).size < taken.length) return { error: "MEMCUBE_DUPLICATE_KEY" };
  const keys = new Map(cube.keys);
  if (key !== undefined) keys.set(key, cube.states.length + 1);
  const past = written.states.slice(0, cube.states.length);
  return { cube: { ...written, keys, states: [...past, after] } };
}

/** Replaces the newest state, or every state by itself without the id. */
function write(cube: CubeModel, change: WriteModel): CubeModel {
  const { id } = change;
  if (change.op === "erase") {
    const without = (state: State): State => new Map([...state].filter(([other]) => other !== id));
    return { ...cube, states: [...cube.states.map(without), without(current(cube))] };
  }
  const { text, externalKey, hidden } = change;
  const version = versionOf(cube, change);
  const after = new Map(current(cube)).set(id, { version, text, externalKey, hidden });
  const highest = new Map(cube.highest).set(id, version);
  return { ...cube, highest, states: [...cube.states, after] };
}

/** The version that a put of the core's would write. */
export function versionOf(
  cube: CubeModel | undefined,
  put: { readonly id: string; readonly expectedVersion: number },
): number {
  if (put.expectedVersion > 0) return put.expectedVersion + 1;
  return (cube?.highest.get(put.id) ?? 0) + 1;
}

export function current(cube: CubeModel): State {
  return cube.states.at(-1) ?? new Map();
}

/** Versions of a memory that can still be read, newest first. */
export function versionsOf(cube: CubeModel, id: string): number[] {
  const found = new Set(cube.states.flatMap((state) => state.get(id)?.version ?? []));
  return [...found].sort((a, b) => b - a);
}
