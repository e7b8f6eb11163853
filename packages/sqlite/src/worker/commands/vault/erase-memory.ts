import type { Context } from "../../context.ts";
import type { TermEntry } from "../../term-index.ts";
import { indexTags } from "./tag-index.ts";

/** Takes every trace of a memory out of the tables, its usage excepted. */
export function eraseMemory({ db, terms }: Context, entry: TermEntry): void {
  terms.remove(entry);
  const tagged = "SELECT cube, tags FROM memory WHERE key = ?";
  const row = db.get<{ cube: number; tags: string | null }>(tagged, entry.key);
  if (row !== undefined) indexTags(db, { cube: row.cube, key: entry.key }, row.tags, undefined);
  db.run("DELETE FROM edge WHERE source = ?", entry.key);
  db.run("DELETE FROM vector WHERE key = ?", entry.key);
  db.run("DELETE FROM past WHERE key = ?", entry.key);
  db.run("DELETE FROM memory WHERE key = ?", entry.key);
}
