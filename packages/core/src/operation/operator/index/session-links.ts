import { grown } from "./growable.ts";
import { NONE, type RowTable } from "./row-table.ts";

/** The rows of each session as a doubly linked list in their order, so that a turn knows what was said around it. */
export class SessionLinks {
  #first = new Int32Array(0);
  #last = new Int32Array(0);
  readonly #rows: RowTable;
  readonly #idOf: (row: number) => string;

  constructor(rows: RowTable, idOf: (row: number) => string) {
    this.#rows = rows;
    this.#idOf = idOf;
  }

  get sizeBytes(): number {
    return this.#first.byteLength + this.#last.byteLength;
  }

  /** The first row of a session; NONE when it is empty. */
  first(session: number): number {
    return (this.#first[session] ?? 0) - 1;
  }

  /** Puts a row where its order belongs; turns mostly arrive in order, so the walk from the end is short. */
  insert(row: number): void {
    const { session, previous, next } = this.#rows.columns;
    const of = session[row] ?? NONE;
    previous[row] = NONE;
    next[row] = NONE;
    if (of === NONE) return;
    this.#first = grown(this.#first, of + 1);
    this.#last = grown(this.#last, of + 1);
    let before = (this.#last[of] ?? 0) - 1;
    while (before !== NONE && this.#precedes(row, before)) before = previous[before] ?? NONE;
    const after = before === NONE ? this.first(of) : (next[before] ?? NONE);
    this.#join(of, before, row);
    this.#join(of, row, after);
  }

  remove(row: number): void {
    const { session, previous, next } = this.#rows.columns;
    const of = session[row] ?? NONE;
    if (of !== NONE) this.#join(of, previous[row] ?? NONE, next[row] ?? NONE);
  }

  /** Finds the ends of all lists again from the rows' links, after a load. */
  restore(sessionCount: number): void {
    const { session, previous, next, visibility } = this.#rows.columns;
    this.#first = new Int32Array(sessionCount);
    this.#last = new Int32Array(sessionCount);
    for (let row = 0; row < this.#rows.count; row++) {
      const of = session[row] ?? NONE;
      if (of === NONE || (visibility[row] ?? NONE) < 0) continue;
      if (previous[row] === NONE) this.#first[of] = row + 1;
      if (next[row] === NONE) this.#last[of] = row + 1;
    }
  }

  #join(session: number, before: number, after: number): void {
    const { previous, next } = this.#rows.columns;
    if (before === NONE) this.#first[session] = after + 1;
    else next[before] = after;
    if (after === NONE) this.#last[session] = before + 1;
    else previous[after] = before;
  }

  /** Order, then time, then id, rows without order or time last: the same whatever the order of arrival. */
  #precedes(row: number, other: number): boolean {
    const { order, at } = this.#rows.columns;
    const decided =
      ascending(order[row] ?? NaN, order[other] ?? NaN) ||
      ascending(at[row] ?? NaN, at[other] ?? NaN);
    return decided === 0 ? this.#idOf(row) < this.#idOf(other) : decided < 0;
  }
}

/** -1, 0 or 1; NaN comes after all numbers. */
function ascending(one: number, other: number): number {
  if (one < other) return -1;
  if (one > other) return 1;
  return Number(Number.isNaN(one)) - Number(Number.isNaN(other));
}
