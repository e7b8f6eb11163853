import { closeSync, fdatasync, openSync } from "node:fs";

/** Syncs a file, like `fdatasync` of `node:fs`. */
export type SyncFile = (descriptor: number, done: (error: Error | null) => void) => void;

/**
 * Brings what was committed to the write-ahead log onto the disk without holding up the event loop.
 * Those who come while the disk is at work share the next turn: one sync for a group of commits.
 */
export class LogSync {
  readonly #path: string;
  readonly #syncFile: SyncFile;
  #descriptor: number | undefined;
  #running: Promise<boolean> | undefined;
  #next: Promise<boolean> | undefined;

  /** @param path of the database, beside which its log is */
  constructor(path: string, syncFile: SyncFile = fdatasync) {
    this.#path = `${path}-wal`;
    this.#syncFile = syncFile;
  }

  /** Whether all that was in the log before the call is on the disk. */
  async sync(): Promise<boolean> {
    if (this.#running === undefined) return await this.#start();
    this.#next ??= this.#running.then(async () => {
      this.#next = undefined;
      return await this.#start();
    });
    return await this.#next;
  }

  /** Resolves when what was begun has ended and the file is let go. */
  async close(): Promise<void> {
    while (this.#running !== undefined) await (this.#next ?? this.#running);
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #start(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const end = (isSynced: boolean): void => {
      this.#running = undefined;
      resolve(isSynced);
    };
    this.#running = promise;
    try {
      // Never closed in between: SQLite keeps the same file until its last connection is closed.
      this.#descriptor ??= openSync(this.#path, "r+");
      this.#syncFile(this.#descriptor, (error) => end(error === null));
    } catch {
      end(false);
    }
    return promise;
  }
}
