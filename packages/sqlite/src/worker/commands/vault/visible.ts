import type { CubeRef } from "@memcube/core";

import type { Connection } from "../../connection.ts";
import type { Context } from "../../context.ts";
import { HEADER_ORDINAL, keyIn } from "../../keys.ts";
import { type CubeRow, findCube } from "./cube-row.ts";

/**
 * Whose view a read has. The rule who sees a class is core's and runs in the main thread; here a view
 * is a list of class keys, good for one state of the cube's header and classes.
 */
export type View =
  | { readonly everything: true }
  | { readonly of: ViewState; readonly classes: readonly number[] | "all" };

/** The state of a cube's header and classes that a view was made of. */
export interface ViewState {
  readonly cube: number;
  readonly visibility: number;
  /** The newest class known. */
  readonly lastClass: number;
}

/** What the view must be made of anew: the header, and the classes that came since. */
export interface Stale {
  readonly of: ViewState;
  readonly header: string;
  readonly classes: readonly { readonly key: number; readonly visibility: string }[];
}

/** `missing`: there is no such cube. */
export type Guarded<T> =
  | { readonly value: T }
  | { readonly stale: Stale }
  | { readonly missing: true };

/** A read within a cube, whose view has been found to be the present one. */
export interface GuardedRead<Query> {
  readonly db: Connection;
  readonly ref: CubeRef;
  readonly cube: CubeRow;
  /** Whether a part of the system reads, to which nothing is hidden. */
  readonly isSystem: boolean;
  /** JSON of the class keys to keep to; `undefined` when no memory is hidden. */
  readonly classes: string | undefined;
  readonly query: Query;
}

export interface GuardedInput<Query> {
  readonly ref: CubeRef;
  readonly view: View;
  readonly query: Query;
}

/** Makes a command that answers only to a view of the cube's present state. */
export function guarded<Query, Value, Needs extends Pick<Context, "db">>(
  read: (input: GuardedRead<Query>, context: Needs) => Value,
): (context: Needs, input: GuardedInput<Query>) => Guarded<Value> {
  return (context, { ref, view, query }) => {
    const { db } = context;
    const cube = findCube(db, ref);
    if (cube === undefined) return { missing: true };
    const place = { db, ref, cube, query };
    if ("everything" in view) {
      return { value: read({ ...place, isSystem: true, classes: undefined }, context) };
    }
    const { of } = view;
    if (of.cube !== cube.key || of.visibility !== cube.visibility) {
      return { stale: presentState(db, cube, of.cube === cube.key ? of.lastClass : 0) };
    }
    const classes = view.classes === "all" ? undefined : JSON.stringify(view.classes);
    return { value: read({ ...place, isSystem: false, classes }, context) };
  };
}

function presentState(db: Connection, cube: CubeRow, lastClass: number): Stale {
  const header = db.get<{ content: string }>(
    "SELECT content FROM memory WHERE key = ?",
    keyIn(cube.key, HEADER_ORDINAL),
  );
  const classes = db.all<{ key: number; visibility: string }>(
    "SELECT key, visibility FROM class WHERE cube = ? AND key > ? ORDER BY key",
    cube.key,
    lastClass,
  );
  return {
    of: {
      cube: cube.key,
      visibility: cube.visibility,
      lastClass: classes.at(-1)?.key ?? lastClass,
    },
    header: header?.content ?? "",
    classes,
  };
}
