import { closeSync, fdatasync, fdatasyncSync, openSync } from "node:fs";

/**
 * A disk that takes less than this, in milliseconds, is waited for at once: to Node's pool and back is as
 * long. The first is as it is seen from the pool, the second at once.
 */
const QUICK_IN_POOL_MS = 0.8;
const QUICK_MS = 0.5;

/** Syncs a file, like `fdatasync` and `fdatasyncSync` of `node:fs`. */
export interface SyncFile {
  readonly inPool: (descriptor: number, done: (error: Error | null) => void) => void;
  readonly atOnce: (descriptor: number) => void;
}

/**
 * Brings what was committed to the write-ahead log onto the disk without holding up the event loop, but
 * for what the way to another thread would take. Those who come while the disk is at work share the next
 * turn: one sync for a group of commits.
 */
export class LogSync {
  readonly #path: string;
  readonly #syncFile: SyncFile;
  #descriptor: number | undefined;
  #running: Promise<boolean> | undefined;
  #next: Promise<boolean> | undefined;
  #isQuick = false;

  /** @param path of the database, beside which its log is */
  constructor(path: string, syncFile: SyncFile = { inPool: fdatasync, atOnce: fdatasyncSync }) {
    this.#path = `${path}-wal`;
    this.#syncFile = syncFile;
  }

  /** Whether all that was in the log before the call is on the disk. */
  async sync(): Promise<boolean> {
    if (this.#running === undefined) return this.#isQuick ? this.#atOnce() : await this.#start();
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

  #atOnce(): boolean {
    const began = performance.now();
    try {
      this.#syncFile.atOnce(this.#open());
      this.#isQuick = performance.now() - began < QUICK_MS;
      return true;
    } catch {
      this.#isQuick = false;
      return false;
    }
  }

  #open(): number {
    // Never closed in between: SQLite keeps the same file until its last connection is closed.
    this.#descriptor ??= openSync(this.#path, "r+");
    return this.#descriptor;
  }

  #start(): Promise<boolean> {
    const began = performance.now();
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const end = (isSynced: boolean): void => {
      this.#running = undefined;
      resolve(isSynced);
    };
    this.#running = promise;
    try {
      this.#syncFile.inPool(this.#open(), (error) => {
        this.#isQuick = error === null && performance.now() - began < QUICK_IN_POOL_MS;
        end(error === null);
      });
    } catch {
      end(false);
    }
    return promise;
  }
}
