import type { Connection } from "../connection.ts";
import { childrenOf, isDirtyLeaf, readLeaf } from "./leaf-page.ts";
import type { PageFile } from "./page-file.ts";
import { growRow } from "./grow-row.ts";

/** Tables that hold what may be erased, each with its last column, which is the long one. */
const TABLES = [
  { table: "memory", column: "content" },
  { table: "past", column: "content" },
  { table: "vector", column: "bytes" },
  { table: "checkpoint", column: "value" },
  { table: "chunk", column: "bytes" },
  { table: "pending_write", column: "value" },
  { table: "thread_journal", column: "step" },
] as const;

export type ScrubbedTable = (typeof TABLES)[number];

/** Levels of a table's tree: SQLite's own bound. */
const DEPTH = 20;

interface DirtyPage {
  readonly of: ScrubbedTable;
  readonly page: number;
  tries: number;
}

/** How often a page is tried that stays dirty: each time by another row. */
const TRIES = 3;

/**
 * Removes copies of rows that SQLite has left behind on its pages.
 *
 * `PRAGMA secure_delete` overwrites a row where it stands. But when a page is rebuilt, as rows move
 * between neighbours to balance the tree, the places they stood at before stay as they were, in the gap
 * of the page that is not in use; so some of what is erased later is left there (about one row in a
 * hundred). This looks for gaps that are not empty, and has SQLite clear them: a row of the page is made
 * so long that it takes all room there is, and short again. Nothing else is changed.
 */
export class Scrubber {
  readonly #db: Connection;
  readonly #file: PageFile;
  readonly #buffer: Uint8Array;
  #pages: Iterator<DirtyPage | undefined> | undefined;
  #dirty: DirtyPage[] = [];

  constructor(db: Connection, file: PageFile) {
    this.#db = db;
    this.#file = file;
    this.#buffer = new Uint8Array(file.pageBytes);
  }

  /** Begins to look at all pages anew. */
  begin(): void {
    this.#pages = this.#findDirty();
    this.#dirty = [];
  }

  /** Looks at pages until `until`; true when all were looked at. */
  look(until: number): boolean {
    while (this.#pages !== undefined) {
      const next = this.#pages.next();
      if (next.done === true) this.#pages = undefined;
      else if (next.value !== undefined) this.#dirty.push(next.value);
      if (performance.now() > until) break;
    }
    return this.#pages === undefined;
  }

  /** Whether there are pages to clear. */
  get isDirty(): boolean {
    return this.#dirty.length > 0;
  }

  /**
   * Clears pages until `until`, within a write transaction of the caller. What is cleared is gone from
   * the file after the next checkpoint; pages are looked at again, until they are found clear.
   */
  clear(until: number): void {
    const later: DirtyPage[] = [];
    for (let page = this.#dirty.shift(); page !== undefined; page = this.#dirty.shift()) {
      if (this.#clearPage(page)) later.push(page);
      if (performance.now() > until) break;
    }
    this.#dirty.push(...later);
  }

  /** True when it had to be written, so that it is to be looked at again. */
  #clearPage(dirty: DirtyPage): boolean {
    const bytes = this.#file.read(dirty.page, this.#buffer);
    if (bytes === undefined || !isDirtyLeaf(bytes) || dirty.tries >= TRIES) return false;
    const leaf = readLeaf(bytes);
    if (leaf === undefined) return false;
    growRow(this.#db, dirty.of, { leaf, pageBytes: this.#file.pageBytes, tries: dirty.tries });
    dirty.tries += 1;
    return true;
  }

  *#findDirty(): Generator<DirtyPage | undefined> {
    for (const of of TABLES) {
      const find = "SELECT rootpage FROM sqlite_schema WHERE type = 'table' AND name = ?";
      const root = this.#db.get<{ rootpage: number }>(find, of.table)?.rootpage;
      if (root !== undefined) yield* this.#findBelow(of, root, 0);
    }
  }

  *#findBelow(of: ScrubbedTable, page: number, depth: number): Generator<DirtyPage | undefined> {
    const bytes = this.#file.read(page, this.#buffer);
    if (bytes === undefined || depth > DEPTH) return;
    const children = childrenOf(bytes);
    if (children === undefined) {
      yield isDirtyLeaf(bytes) ? { of, page, tries: 0 } : undefined;
    } else {
      for (const child of children) yield* this.#findBelow(of, child, depth + 1);
    }
  }
}
