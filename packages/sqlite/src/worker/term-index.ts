import type { Connection } from "./connection.ts";
import { Refusal } from "./refusal.ts";
import { TermHash } from "./term-hash.ts";

/** rowid = memory.key; terms are hashes (`term-hash.ts`). `secure-delete` takes an entry out for good. */
const CREATE = `
CREATE VIRTUAL TABLE term_index USING fts5 (
  terms, class, content = '', tokenize = 'ascii'
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
  /** Hashes as made by {@link TermIndex.hashed}; empty when it is not searchable. */
  readonly terms: string;
  readonly class: number;
}

/**
 * The full-text index, kept where SQLite has FTS5 (Node 22.16 and later). A file without one gets it
 * when such a Node opens it; from then on an older Node, which could not keep it, is refused.
 */
export class TermIndex {
  readonly #db: Connection;
  readonly #hash: TermHash;
  /** Whether there is one. Otherwise nothing is proposed by `candidates`. */
  readonly kept: boolean;

  private constructor(db: Connection, kept: boolean) {
    this.#db = db;
    this.kept = kept;
    this.#hash = new TermHash(secretOf(db));
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

  /** Terms separated by spaces, as the index keeps them. */
  hashed(cubeKey: number, terms: string): string {
    return this.hashes(cubeKey, terms).join(" ");
  }

  hashes(cubeKey: number, terms: string): string[] {
    const list = terms.split(" ").filter((term) => term !== "");
    return list.map((term) => this.#hash.of(cubeKey, term));
  }

  /** How many rows have the term. */
  rowsWith(hash: string): number {
    const count = "SELECT doc FROM temp.term_count WHERE term = ?";
    return this.#db.get<{ doc: number }>(count, hash)?.doc ?? 0;
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

/** A query for rows with any of the hashed terms, within the classes where some are given. */
export function matchOf(hashes: readonly string[], classes: readonly number[] | undefined): string {
  const anyTerm = `terms : (${hashes.map((hash) => `"${hash}"`).join(" OR ")})`;
  if (classes === undefined) return anyTerm;
  return `class : (${classes.map(classTerm).join(" OR ")}) AND ${anyTerm}`;
}

/** A visibility class as a term of the index. */
function classTerm(classKey: number): string {
  return `k${classKey}`;
}

function secretOf(db: Connection): Uint8Array {
  const row = db.get<{ value: Uint8Array }>("SELECT value FROM secret WHERE name = 'terms'");
  if (row?.value.length === 8) return row.value;
  throw new Refusal("MEMCUBE_STORAGE_DAMAGED", "The file has lost its secret. Restore a backup.");
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
