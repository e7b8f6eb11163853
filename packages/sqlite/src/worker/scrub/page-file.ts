import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from "node:fs";

/**
 * The pages of the database file, past SQLite.
 *
 * INVARIANT: POSIX locks belong to a process and a file. Closing any descriptor of the file drops those
 * that SQLite holds on it, whichever connection of the process took them. So the descriptor is opened
 * once, and closed only when nobody else in this process has the file open.
 */
export class PageFile {
  readonly #path: string;
  readonly pageBytes: number;
  readonly #descriptor: number;

  constructor(path: string, pageBytes: number) {
    this.#path = path;
    this.pageBytes = pageBytes;
    this.#descriptor = openSync(path, "r");
  }

  /** A page by its number, from 1; `undefined` beyond the end. Valid until the next call. */
  read(number: number, into: Uint8Array): Uint8Array | undefined {
    if (number < 1) return undefined;
    const position = (number - 1) * this.pageBytes;
    const count = readSync(this.#descriptor, into, 0, this.pageBytes, position);
    return count === this.pageBytes ? into.subarray(0, this.pageBytes) : undefined;
  }

  /** Whether every page is in the file, none in the write-ahead log. */
  isComplete(): boolean {
    return (statSync(`${this.#path}-wal`, { throwIfNoEntry: false })?.size ?? 0) === 0;
  }

  /** After the database was closed. */
  close(): void {
    if (!this.#isOpenElsewhere()) closeSync(this.#descriptor);
  }

  #isOpenElsewhere(): boolean {
    if (process.platform === "win32") return false; // locks belong to a handle there
    try {
      const { dev, ino } = fstatSync(this.#descriptor);
      return readdirSync("/dev/fd").some((name) => {
        const other = Number(name);
        return other !== this.#descriptor && isFile(other, dev, ino);
      });
    } catch {
      return true; // Not to be known here: a descriptor is left open rather than a lock lost.
    }
  }
}

function isFile(descriptor: number, dev: number, ino: number): boolean {
  try {
    const found = fstatSync(descriptor);
    return found.dev === dev && found.ino === ino;
  } catch {
    return false; // closed since it was listed
  }
}
