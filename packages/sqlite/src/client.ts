import { LIMITS, MemCubeError } from "@memcube/core";
import { Worker } from "node:worker_threads";

import { closedError, errorOf } from "./failure.ts";
import type { Chore, FromWorker, Opened, Reply, Request, WorkerOptions } from "./protocol.ts";
import { threadModule } from "./thread-module.ts";
import type { CommandInput, CommandName, CommandValue } from "./worker/commands/index.ts";

/** Calls a command. */
export type Call = <Name extends CommandName>(
  name: Name,
  input: CommandInput<Name>,
) => Promise<CommandValue<Name>>;

/** Runs the commands of one database: in a thread of its own ({@link Client}), or where it is called. */
export interface CommandClient {
  readonly call: Call;
  /** Resolves when the database is open. */
  opened(): Promise<Opened>;
  /** Lets open calls finish, then closes the database. */
  close(): Promise<void>;
  /** @throws MemCubeError `MEMCUBE_CLOSED` or `MEMCUBE_STORAGE_FAILED` */
  checkOpen(): void;
  /** Has something done beside calls; nobody waits for it. */
  readonly order: (chore: Chore) => void;
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: MemCubeError): void;
}

/**
 * The thread's other end: numbers calls, sends those of one tick together, settles their promises. The
 * thread keeps the process alive only while a call is open.
 */
export class Client implements CommandClient {
  readonly #worker: Worker;
  readonly #path: string;
  readonly #pending = new Map<number, Pending>();
  readonly #opened: Promise<Opened>;
  readonly #exited: Promise<void>;
  readonly #settleOpened: { resolve(opened: Opened): void; reject(error: MemCubeError): void };
  #outbox: Request[] = [];
  #nextId = 1;
  #unfinished = false;
  #closing: Promise<void> | undefined;
  #broken: MemCubeError | undefined;

  constructor(options: Omit<WorkerOptions, "limits">) {
    this.#path = options.path;
    const settle = Promise.withResolvers<Opened>();
    this.#opened = settle.promise;
    this.#settleOpened = settle;
    this.#worker = startWorker({ ...options, limits: LIMITS });
    this.#worker.on("message", (message: FromWorker) => this.#receive(message));
    this.#worker.on("error", (error: unknown) => this.#break(error));
    const exited = Promise.withResolvers<void>();
    this.#exited = exited.promise;
    this.#worker.on("exit", (code) => {
      this.#break(new Error(`the thread ended with code ${code}`));
      exited.resolve();
    });
  }

  opened(): Promise<Opened> {
    return this.#opened;
  }

  readonly call: Call = <Name extends CommandName>(name: Name, input: CommandInput<Name>) => {
    const { promise, resolve, reject } = Promise.withResolvers<CommandValue<Name>>();
    const refusal = this.#refusal();
    if (refusal !== undefined) {
      reject(refusal);
      return promise;
    }
    const id = this.#nextId++;
    this.#pending.set(id, { resolve: resolve, reject });
    if (this.#outbox.length === 0) queueMicrotask(() => this.#send());
    this.#outbox.push({ id, name, input });
    this.#holdProcess();
    return promise;
  };

  readonly order = (chore: Chore): void => {
    if (this.#refusal() === undefined) this.#worker.postMessage({ chore });
  };

  /** Lets open calls finish, then closes the database and ends the thread. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  checkOpen(): void {
    const refusal = this.#refusal();
    if (refusal !== undefined) throw refusal;
  }

  async #close(): Promise<void> {
    if (this.#broken === undefined) {
      this.#send();
      this.#worker.ref();
      this.#worker.postMessage({ close: true });
    }
    await this.#exited;
  }

  #refusal(): MemCubeError | undefined {
    if (this.#closing !== undefined) return closedError();
    return this.#broken;
  }

  #send(): void {
    if (this.#outbox.length === 0 || this.#broken !== undefined) return;
    const requests = this.#outbox;
    this.#outbox = [];
    try {
      this.#worker.postMessage({ requests });
    } catch {
      this.#sendOneByOne(requests);
    }
  }

  /** Something can't be sent to a thread, a function perhaps: only the call that has it fails. */
  #sendOneByOne(requests: readonly Request[]): void {
    for (const request of requests) {
      try {
        this.#worker.postMessage({ requests: [request] });
      } catch (cause) {
        const why = "The input holds something that can't be stored.";
        this.#take(request.id)?.reject(new MemCubeError("MEMCUBE_INVALID_INPUT", why, { cause }));
      }
    }
    this.#holdProcess();
  }

  #receive(message: FromWorker): void {
    if ("opened" in message) this.#settleOpened.resolve(message.opened);
    else if ("failed" in message) this.#settleOpened.reject(errorOf(message.failed));
    else if ("replies" in message) for (const reply of message.replies) this.#settle(reply);
    if ("unfinished" in message) this.#unfinished = message.unfinished;
    this.#holdProcess();
  }

  #settle(reply: Reply): void {
    const pending = this.#take(reply.id);
    if ("failure" in reply) pending?.reject(errorOf(reply.failure));
    else pending?.resolve(reply.value);
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  #holdProcess(): void {
    if (this.#pending.size > 0 || this.#unfinished || this.#closing !== undefined)
      this.#worker.ref();
    else this.#worker.unref();
  }

  /** The thread is gone: what was open has an unknown outcome, and nothing more can be asked. */
  #break(cause: unknown): void {
    if (this.#broken !== undefined) return;
    const why = "The storage thread has failed. Open the storage again.";
    const details = { path: this.#path };
    this.#broken = new MemCubeError("MEMCUBE_STORAGE_FAILED", why, { details, cause });
    this.#settleOpened.reject(this.#broken);
    for (const pending of this.#pending.values()) pending.reject(this.#broken);
    this.#pending.clear();
  }
}

function startWorker(workerData: WorkerOptions): Worker {
  const { url, execArgv } = threadModule("worker", import.meta.url);
  return new Worker(url, { workerData, execArgv, name: "memcube-sqlite" });
}
