import type { Connection } from "../../connection.ts";

/** Takes a thread out of every table. */
export function removeThread(db: Connection, key: number): void {
  for (const table of ["checkpoint", "chunk", "pending_write"]) {
    db.run(`DELETE FROM ${table} WHERE thread = ?`, key);
  }
  db.run("UPDATE thread_journal SET thread = 0, step = x'' WHERE thread = ?", key);
  db.run("DELETE FROM thread WHERE key = ?", key);
}
