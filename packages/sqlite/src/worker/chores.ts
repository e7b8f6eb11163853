import type { Chore, WorkerOptions } from "../protocol.ts";
import { layOutSome } from "./commands/threads/journal.ts";
import type { Connection } from "./connection.ts";
import { makeRoom } from "./log-room.ts";

type LogOptions = Pick<WorkerOptions, "path" | "durability">;

/** `PRAGMA synchronous` as a number. */
const FULL = 2;

/**
 * Does what nobody waits for; whether there is more of it. What can't be done now, because somebody holds
 * the lock or reads an old state, is done when it is ordered next.
 */
export function doChore(db: Connection, chore: Chore, { path, durability }: LogOptions): boolean {
  const needsRoom = durability === "power" && chore !== "begin log";
  try {
    if (chore === "lay out journal") return unsynced(db, () => layOutSome(db));
    if (chore === "copy log") copyLog(db);
    beginLog(db, needsRoom ? () => makeRoom(path) : undefined);
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
  db.get("PRAGMA wal_checkpoint(RESTART)");
}

/** The first commit of a log waits for the disk: it had better be this one. */
function beginLog(db: Connection, room?: () => void): void {
  db.run("BEGIN IMMEDIATE");
  room?.();
  db.run("INSERT INTO chore (name) VALUES ('log')");
  db.run("DELETE FROM chore WHERE name = 'log'");
  db.run("COMMIT");
}
