import { grown, type Numbers } from "./growable.ts";

/** The class of a row that was removed: no caller is ever permitted it. */
export const REMOVED = -1;
/** "None" in the columns that hold numbers of an interner. */
export const NONE = -1;

/** Cues found in a row's text when it was indexed; bits of the `flags` column. */
export const FLAG = {
  question: 1,
  time: 2,
  preference: 4,
  /** It says something by itself: see `saysSomething`. */
  content: 8,
  /** It holds a number, in digits or in words. */
  number: 16,
  /** It holds what looks like a code: a serial, phone or booking number, a key, a path. */
  code: 32,
} as const;

/** The roles in the order of their numbers in the `role` column; 0 is "none given". */
export const ROLES = ["", "user", "assistant", "system", "tool"] as const;

const columns = () => ({
  /** Visibility class, or REMOVED. */
  visibility: new Int32Array(0),
  version: new Float64Array(0),
  type: new Int32Array(0),
  speaker: new Int32Array(0),
  role: new Uint8Array(0),
  session: new Int32Array(0),
  /** The row before and after in the session, of all rows; NONE at the ends and outside sessions. */
  previous: new Int32Array(0),
  next: new Int32Array(0),
  order: new Float64Array(0),
  /** NaN for none. */
  at: new Float64Array(0),
  /** Infinity for never. */
  expiresAt: new Float64Array(0),
  /** -Infinity for always. */
  validFrom: new Float64Array(0),
  /** Infinity for ever. */
  validTo: new Float64Array(0),
  flags: new Uint8Array(0),
  /** How many own terms it has. */
  length: new Uint32Array(0),
});

export type RowColumns = ReturnType<typeof columns>;
export type RowColumnName = keyof RowColumns;

/** The rows of an index as a structure of arrays; a row is its place in them. */
export class RowTable {
  readonly columns: RowColumns = columns();
  /** Rows ever used: columns are valid up to here. */
  count = 0;
  /** Rows that are not removed. */
  live = 0;

  get sizeBytes(): number {
    return Object.values(this.columns).reduce((sum, column) => sum + column.byteLength, 0);
  }

  /** Takes over columns that were stored. */
  load(count: number, column: (name: RowColumnName) => Numbers): void {
    for (const name of Object.keys(this.columns) as RowColumnName[]) {
      (this.columns as Record<RowColumnName, Numbers>)[name] = column(name);
    }
    this.count = count;
    for (let row = 0; row < count; row++) if (this.columns.visibility[row] !== REMOVED) this.live++;
  }

  /** Makes room for `row` in every column. */
  reserve(row: number): void {
    if (row < this.count && row < this.columns.visibility.length) return;
    for (const name of Object.keys(this.columns) as RowColumnName[]) {
      (this.columns as Record<RowColumnName, Numbers>)[name] = grown(
        this.columns[name] as Numbers,
        row + 1,
      );
    }
    this.count = Math.max(this.count, row + 1);
  }
}
