import { LogSync } from "./log-sync.ts";
import type { ParsedOptions } from "./options.ts";
import type { Connection } from "./worker/connection.ts";
import { connectBeside } from "./worker/open-database.ts";

/**
 * A second connection to the database, in the caller's own thread, for what takes less than a message
 * to the thread of `worker.ts` and back. It never waits for a lock, never copies the write-ahead log
 * into the file, and does nothing that fails: then the caller asks the thread, which says why.
 */
export class NearDatabase {
  readonly #options: ParsedOptions;
  readonly #log: LogSync;
  #connection: Connection | undefined;
  #isUsable: boolean;

  /** @param isUsable whether there is a file that both threads can open and write */
  constructor(options: ParsedOptions, isUsable: boolean) {
    this.#options = options;
    this.#log = new LogSync(options.path);
    this.#isUsable = isUsable;
  }

  /** What `action` reads in one snapshot; `undefined` when it can't be had here. */
  read<T>(action: (db: Connection) => T): { readonly value: T } | undefined {
    return this.#within("BEGIN", action);
  }

  /** What `action` returns when all that it writes is stored. It returns `undefined` to undo it. */
  write<T>(action: (db: Connection) => T | undefined): T | undefined {
    return this.#within("BEGIN IMMEDIATE", action)?.value;
  }

  /** What `action` returns, which takes one statement, a transaction by itself. */
  step<T>(action: (db: Connection) => T): T | undefined {
    const db = this.#open();
    try {
      return db && action(db);
    } catch {
      return undefined;
    }
  }

  /**
   * Whether all that was written here survives what the storage's durability says. Other readers see it
   * before: what is not acknowledged yet may be read, as from a process that dies before it answers.
   */
  async settle(): Promise<boolean> {
    return this.#options.durability === "process" || (await this.#log.sync());
  }

  /** Nothing is done here from now on; resolves when what was begun has ended. */
  async close(): Promise<void> {
    this.#isUsable = false;
    this.#connection?.close();
    this.#connection = undefined;
    await this.#log.close();
  }

  #within<T>(begin: string, action: (db: Connection) => T): { readonly value: T } | undefined {
    const db = this.#open();
    if (db === undefined) return undefined;
    try {
      db.run(begin);
      const value = action(db);
      if (value === undefined) db.rollBack();
      else db.run("COMMIT");
      return { value };
    } catch {
      db.rollBack();
      return undefined;
    }
  }

  /** Opened when it is first asked for. */
  #open(): Connection | undefined {
    if (!this.#isUsable) return undefined;
    try {
      this.#connection ??= connectBeside(this.#options);
    } catch {
      this.#isUsable = false;
    }
    return this.#connection;
  }
}
