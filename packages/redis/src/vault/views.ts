import {
  type Access,
  cubeKey,
  type CubeRef,
  MemCubeError,
  seesClass,
  visibilityFromKey,
  type VisibilityClass,
} from "@memcube/core";

import type { Reply } from "../connection/connection.ts";
import { listOf, numberOf, textOf } from "../replies.ts";
import { type CubeLists, readCubeLists } from "./cube-lists.ts";

/** Cubes whose headers and classes are held here; the longest unused goes first. */
const KEPT_CUBES = 1_024;

/** Sets of principals whose view of a cube is held. */
const KEPT_VIEWS = 256;

/** How often a view is made anew for one read: each time somebody changed the cube in between. */
const TRIES = 16;

/** What a script is told of who reads: the state the list was made of, and the classes. */
export type ViewArguments = readonly [token: string, classes: string];

interface KnownCube {
  readonly token: string;
  readonly header: CubeLists;
  readonly classes: readonly VisibilityClass[];
  /** By principals. */
  readonly views: Map<string, ViewArguments>;
}

const EVERYTHING: ViewArguments = ["*", "*"];
/** Says nothing of any cube, so that the script answers with the present state. */
const UNKNOWN: ViewArguments = ["", ""];

/**
 * Who sees which classes of a cube. The rule (`seesClass`) runs here, once for each state of a cube
 * and set of principals; reads carry the outcome as a list of numbers, and the script refuses a list
 * made of another state than the one it reads.
 */
export class Views {
  readonly #known = new Map<string, KnownCube>();

  /**
   * Reads through the view that `access` has.
   *
   * @returns what the script said after "ok"; `undefined` when there is no such cube
   * @throws MemCubeError `MEMCUBE_BUSY` when the cube changes faster than it can be read
   */
  async read(
    ref: CubeRef,
    access: Access,
    ask: (view: ViewArguments) => Promise<Reply>,
  ): Promise<readonly Reply[] | undefined> {
    const key = cubeKey(ref);
    for (let tries = 0; tries < TRIES; tries += 1) {
      const answer = listOf(await ask(this.#viewOf(key, access)));
      const outcome = textOf(answer[0]);
      if (outcome === "ok") return answer.slice(1);
      if (outcome === "missing") {
        this.#known.delete(key);
        return undefined;
      }
      this.#learn(key, answer.slice(1));
    }
    throw new MemCubeError("MEMCUBE_BUSY", "The cube's readers change all the time; try again.");
  }

  #viewOf(key: string, access: Access): ViewArguments {
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

  #learn(key: string, [token, header, known, ...added]: readonly Reply[]): void {
    const before = this.#known.get(key)?.classes ?? [];
    const cube: KnownCube = {
      token: textOf(token),
      header: readCubeLists(textOf(header)),
      classes: [
        ...before.slice(0, numberOf(known)),
        ...added.map((visibility) => visibilityFromKey(textOf(visibility))),
      ],
      views: new Map(),
    };
    keep(this.#known, key, cube, KEPT_CUBES);
  }
}

function makeView(
  { token, header, classes }: KnownCube,
  principals: ReadonlySet<string>,
): ViewArguments {
  const seen = classes.flatMap((visibility, number) =>
    seesClass(principals, visibility, header) ? [number] : [],
  );
  // All of none are none: a class that comes later is not seen by a list made before it.
  return [token, seen.length === classes.length && seen.length > 0 ? "*" : seen.join()];
}

/** Adds to a bounded map. */
function keep<Value>(map: Map<string, Value>, key: string, value: Value, limit: number): void {
  map.delete(key);
  map.set(key, value);
  const oldest = map.keys().next();
  if (map.size > limit && oldest.done !== true) map.delete(oldest.value);
}
