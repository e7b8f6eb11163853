import { LIMITS } from "@memcube/core";

import type { Call, CommandClient } from "./client.ts";
import { closedError, errorOf } from "./failure.ts";
import type { Opened, WorkerOptions } from "./protocol.ts";
import { READS, WRITES } from "./worker/commands/index.ts";
import type { Context } from "./worker/context.ts";
import { failureOf } from "./worker/native-errors.ts";
import { type OpenDatabase, openDatabase } from "./worker/open-database.ts";
import { Refusal } from "./worker/refusal.ts";

type Run = (context: Context, input: unknown) => unknown;
const READ_RUNS = READS as Readonly<Record<string, Run>>;
const WRITE_RUNS = WRITES as Readonly<Record<string, Run>>;

/**
 * Runs commands where they are called. For a database in RAM, that has no file to flush and nobody else
 * to wait for: a call is done by the time it returns, and its promise settles in this very turn.
 */
export class InThreadClient implements CommandClient {
  readonly #path: string;
  readonly #context: Context;
  readonly #opened: Opened;
  #isClosed = false;

  /** @throws MemCubeError when it can't be opened */
  constructor(path: string, open: () => OpenDatabase) {
    this.#path = path;
    const { db, terms, readOnly } = this.#orFail(open);
    // RAM keeps nothing: of what is erased no copy is left to be cleared away.
    this.#context = { db, terms, limits: LIMITS, erased: () => {} };
    this.#opened = { readOnly, dropped: false, candidates: terms.kept };
  }

  async opened(): Promise<Opened> {
    return await Promise.resolve(this.#opened);
  }

  readonly call = (async (name: string, input: unknown): Promise<unknown> => {
    this.checkOpen();
    return await Promise.resolve(this.#orFail(() => this.#run(name, input)));
  }) as Call;

  checkOpen(): void {
    if (this.#isClosed) throw closedError();
  }

  readonly order = (): void => {
    // RAM has neither log nor journal.
  };

  async close(): Promise<void> {
    if (!this.#isClosed) this.#context.db.close();
    this.#isClosed = true;
    await Promise.resolve();
  }

  #run(name: string, input: unknown): unknown {
    if (Object.hasOwn(READ_RUNS, name)) return this.#within("BEGIN", READ_RUNS[name], input);
    if (Object.hasOwn(WRITE_RUNS, name))
      return this.#within("BEGIN IMMEDIATE", WRITE_RUNS[name], input);
    throw new Refusal("MEMCUBE_NOT_SUPPORTED", "No such command.");
  }

  /** Each command is one transaction: all that it writes is there, or nothing. */
  #within(begin: string, run: Run | undefined, input: unknown): unknown {
    const { db } = this.#context;
    db.run(begin);
    try {
      const value = run?.(this.#context, input);
      db.run("COMMIT");
      return value;
    } catch (error) {
      db.rollBack();
      throw error;
    }
  }

  #orFail<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw errorOf(failureOf(error, this.#path));
    }
  }
}

/** @throws MemCubeError when it can't be opened */
export function openInThread(options: Omit<WorkerOptions, "limits">): InThreadClient {
  return new InThreadClient(options.path, () => openDatabase({ ...options, limits: LIMITS }));
}
