import type { Chore } from "../protocol.ts";
import { layOutSome } from "./commands/threads/journal.ts";
import type { Connection } from "./connection.ts";

/** `PRAGMA synchronous` as a number. */
const FULL = 2;

/**
 * Does what nobody waits for; whether there is more of it. What can't be done now, because somebody holds
 * the lock or reads an old state, is done when it is ordered next.
 */
export function doChore(db: Connection, chore: Chore): boolean {
  try {
    if (chore === "lay out journal") return unsynced(db, () => layOutSome(db));
    copyLog(db);
  } catch {
    db.rollBack();
  }
  return false;
}

/**
 * Commits that say nothing new need not wait for the disk: if they are lost, the journal is as it was. What
 * is committed after them takes them along.
 */
function unsynced<T>(db: Connection, action: () => T): T {
  const before = db.get<{ synchronous: number }>("PRAGMA synchronous")?.synchronous ?? FULL;
  db.execute("PRAGMA synchronous = NORMAL");
  try {
    return action();
  } finally {
    db.execute(`PRAGMA synchronous = ${before}`);
  }
}

/**
 * Copies the write-ahead log into the file and begins it anew, while others go on writing: they are held
 * up only for what was written meanwhile.
 */
function copyLog(db: Connection): void {
  db.get("PRAGMA wal_checkpoint(PASSIVE)");
  const rest = db.get<{ busy: number }>("PRAGMA wal_checkpoint(RESTART)");
  if (rest?.busy !== 0) return;
  // The first commit from now on begins the log anew and waits for the disk: it had better be this one.
  db.run("BEGIN IMMEDIATE");
  db.run("INSERT INTO chore (name) VALUES ('log')");
  db.run("DELETE FROM chore WHERE name = 'log'");
  db.run("COMMIT");
}
