import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, writeSync } from "node:fs";

/** As long as the log is when it is copied and begun anew: 2,000 pages with their headers, and some. */
const ROOM_BYTES = 9 * 1_048_576;

const ZEROS = new Uint8Array(65_536);

/**
 * Makes the write-ahead log as long as it will be, with zeros, which SQLite takes for the end of what was
 * written: syncing a commit then changes bytes of a file and not its length, which takes the disk a third less.
 *
 * INVARIANT: the write lock is held, or another writer's pages may be what is overwritten.
 *
 * @throws when there is no room, and takes none: the last of a disk is for what is written
 */
export function makeRoom(path: string): void {
  const file = openSync(`${path}-wal`, "r+");
  try {
    const { size } = fstatSync(file);
    if (size >= ROOM_BYTES) return;
    try {
      for (let at = size; at < ROOM_BYTES;)
        at += writeSync(file, ZEROS, 0, Math.min(ZEROS.length, ROOM_BYTES - at), at);
      fsyncSync(file);
    } catch (error) {
      ftruncateSync(file, size);
      throw error;
    }
  } finally {
    closeSync(file);
  }
}
