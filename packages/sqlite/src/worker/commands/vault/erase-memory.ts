import type { Context } from "../../context.ts";
import type { TermEntry } from "../../term-index.ts";

/** Takes every trace of a memory out of the tables, its usage excepted. */
export function eraseMemory({ db, terms }: Context, entry: TermEntry): void {
  terms.remove(entry);
  db.run("DELETE FROM edge WHERE source = ?", entry.key);
  db.run("DELETE FROM vector WHERE key = ?", entry.key);
  db.run("DELETE FROM past WHERE key = ?", entry.key);
  db.run("DELETE FROM memory WHERE key = ?", entry.key);
}
