import type { Connection } from "../../connection.ts";

/** Takes a thread out of every table. */
export function removeThread(db: Connection, key: number): void {
  db.run(
    `DELETE FROM chunk_use WHERE checkpoint IN (SELECT key FROM checkpoint WHERE thread = ?)`,
    key,
  );
  for (const table of ["checkpoint", "chunk", "pending_write"]) {
    db.run(`DELETE FROM ${table} WHERE thread = ?`, key);
  }
  db.run("DELETE FROM thread WHERE key = ?", key);
}
