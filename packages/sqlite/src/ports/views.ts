import {
  type Access,
  cubeKey,
  type CubeRef,
  MemCubeError,
  seesClass,
  visibilityFromKey,
  type VisibilityClass,
} from "@memcube/core";

import type { Guarded, Stale, View, ViewState } from "../worker/commands/vault/visible.ts";
import { type CubeLists, readCubeLists } from "./cube-lists.ts";

/** Cubes whose headers and classes are held here; the longest unused goes first. */
const KEPT_CUBES = 1_024;

/** Sets of principals whose view of a cube is held. */
const KEPT_VIEWS = 256;

/** How often a view is made anew for one read: each time somebody changed the cube in between. */
const TRIES = 16;

interface KnownCube {
  readonly of: ViewState;
  readonly header: CubeLists;
  readonly classes: readonly { readonly key: number; readonly visibility: VisibilityClass }[];
  /** By principals. */
  readonly views: Map<string, View>;
}

const EVERYTHING: View = { everything: true };

/** Says nothing of any cube, so that the thread answers with the present state. */
const UNKNOWN: View = { of: { cube: 0, visibility: 0, lastClass: 0 }, classes: [] };

/**
 * Who sees which classes of a cube. The rule ({@link seesClass}) runs here, once for each state of a
 * cube and set of principals; reads carry the outcome as a list of numbers, and the thread refuses a
 * list made of another state than the one it reads.
 */
export class Views {
  readonly #known = new Map<string, KnownCube>();

  /**
   * Reads through the view that `access` has.
   *
   * @returns `undefined` when there is no such cube
   * @throws MemCubeError `MEMCUBE_BUSY` when the cube changes faster than it can be read
   */
  async read<Value>(
    ref: CubeRef,
    access: Access,
    ask: (view: View) => Promise<Guarded<Value>>,
  ): Promise<Value | undefined> {
    const key = cubeKey(ref);
    for (let tries = 0; tries < TRIES; tries += 1) {
      const answer = await ask(this.#viewOf(key, access));
      if ("value" in answer) return answer.value;
      if ("missing" in answer) {
        this.#known.delete(key);
        return undefined;
      }
      this.#learn(key, answer.stale);
    }
    throw new MemCubeError("MEMCUBE_BUSY", "The cube's readers change all the time; try again.");
  }

  #viewOf(key: string, access: Access): View {
    if ("system" in access) return EVERYTHING;
    const cube = this.#known.get(key);
    if (cube === undefined) return UNKNOWN;
    const principals = JSON.stringify(access.principals);
    let view = cube.views.get(principals);
    if (view === undefined) {
      view = makeView(cube, new Set(access.principals));
      keep(cube.views, principals, view, KEPT_VIEWS);
    }
    return view;
  }

  #learn(key: string, stale: Stale): void {
    const before = this.#known.get(key);
    const earlier = before?.of.cube === stale.of.cube ? before.classes : [];
    const added = stale.classes.map((row) => ({
      key: row.key,
      visibility: visibilityFromKey(row.visibility),
    }));
    const cube: KnownCube = {
      of: stale.of,
      header: readCubeLists(stale.header),
      classes: [...earlier.filter((known) => known.key < (added[0]?.key ?? Infinity)), ...added],
      views: new Map(),
    };
    keep(this.#known, key, cube, KEPT_CUBES);
  }
}

function makeView({ of, header, classes }: KnownCube, principals: ReadonlySet<string>): View {
  const seen = classes.filter(({ visibility }) => seesClass(principals, visibility, header));
  const all = seen.length > 0 && seen.length === classes.length;
  return { of, classes: all ? "all" : seen.map(({ key }) => key) };
}

/** Adds to a bounded map. */
function keep<Value>(map: Map<string, Value>, key: string, value: Value, limit: number): void {
  map.delete(key);
  map.set(key, value);
  const oldest = map.keys().next();
  if (map.size > limit && oldest.done !== true) map.delete(oldest.value);
}
