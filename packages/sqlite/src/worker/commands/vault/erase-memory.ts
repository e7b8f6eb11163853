import type { Context } from "../../context.ts";

/** A memory with what its index entry was made of. */
export interface ErasedRow {
  readonly key: number;
  readonly terms: string;
  readonly classTerm: string;
}

/** Takes every trace of a memory out of the tables, its usage excepted. */
export function eraseMemory({ db }: Context, { key, terms, classTerm }: ErasedRow): void {
  if (terms !== "") {
    db.run(
      "INSERT INTO term_index (term_index, rowid, terms, class) VALUES ('delete', ?, ?, ?)",
      key,
      terms,
      classTerm,
    );
  }
  db.run("DELETE FROM edge WHERE source = ?", key);
  db.run("DELETE FROM vector WHERE key = ?", key);
  db.run("DELETE FROM past WHERE key = ?", key);
  db.run("DELETE FROM memory WHERE key = ?", key);
}
