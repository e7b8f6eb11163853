import type { Connection } from "./connection.ts";
import { Refusal } from "./refusal.ts";

/**
 * rowid = memory.key. Each term begins with the key of its cube, so that cubes share no posting list.
 * `secure-delete` takes an entry out for good, where FTS5 would otherwise only note that it is gone.
 */
const CREATE = `
CREATE VIRTUAL TABLE term_index USING fts5 (
  terms, class, content = '',
  tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N* P* S* Cf Cn Co Cs'"
);
INSERT INTO term_index (term_index, rank) VALUES ('rank', 'bm25(1.0, 0.0)');
INSERT INTO term_index (term_index, rank) VALUES ('secure-delete', 1);
INSERT INTO term_index (rowid, terms, class)
  SELECT key, terms, 'k' || class FROM memory WHERE terms <> '' ORDER BY key;
`;

/** How many rows have a term; lives in RAM. */
const CREATE_COUNTS = `
CREATE VIRTUAL TABLE temp.term_count USING fts5vocab ('main', 'term_index', 'row')
`;

/** What is indexed of a memory. FTS5 takes an entry out only when it is given it again. */
export interface TermEntry {
  readonly key: number;
  /** Terms as made by `termsOf`; empty when it is not searchable. */
  readonly terms: string;
  readonly class: number;
}

/**
 * The full-text index, kept where SQLite has FTS5 (Node 22.16 and later). A file without one gets it
 * when such a Node opens it; from then on an older Node, which could not keep it, is refused.
 */
export class TermIndex {
  readonly #db: Connection;
  /** Whether there is one. Otherwise nothing is proposed by `candidates`. */
  readonly kept: boolean;

  private constructor(db: Connection, kept: boolean) {
    this.#db = db;
    this.kept = kept;
    if (kept) db.execute(CREATE_COUNTS);
  }

  /** Within the transaction that opens the file for writing. */
  static openToWrite(db: Connection): TermIndex {
    const canKeep = hasFts5(db);
    if (canKeep && !isThere(db)) db.execute(CREATE);
    if (!canKeep) refuseWhenThere(db);
    return new TermIndex(db, canKeep);
  }

  static openToRead(db: Connection): TermIndex {
    return new TermIndex(db, hasFts5(db) && isThere(db));
  }

  add(entry: TermEntry): void {
    this.#change("INSERT INTO term_index (rowid, terms, class) VALUES (?, ?, ?)", entry);
  }

  remove(entry: TermEntry): void {
    const remove = `INSERT INTO term_index (term_index, rowid, terms, class)
      VALUES ('delete', ?, ?, ?)`;
    this.#change(remove, entry);
  }

  #change(sql: string, { key, terms, class: classKey }: TermEntry): void {
    if (!this.kept) refuseWhenThere(this.#db);
    else if (terms !== "") this.#db.run(sql, key, terms, classTerm(classKey));
  }
}

/** A visibility class as a term of the index. */
export function classTerm(classKey: number): string {
  return `k${classKey}`;
}

function hasFts5(db: Connection): boolean {
  return db.get("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'") !== undefined;
}

function isThere(db: Connection): boolean {
  return db.get("SELECT 1 FROM sqlite_schema WHERE name = 'term_index'") !== undefined;
}

/** Another process may have made the index since this one opened the file. */
function refuseWhenThere(db: Connection): void {
  if (!isThere(db)) return;
  const why =
    "The file has a full-text index, which this Node can't keep: use Node 22.16 or later.";
  throw new Refusal("MEMCUBE_STORAGE_NEWER", why);
}
