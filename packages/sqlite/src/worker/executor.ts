import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";

import type { Chore, FromWorker, Reply, Request, ToWorker, WorkerOptions } from "../protocol.ts";
import { READS, WRITES } from "./commands/index.ts";
import type { Context } from "./context.ts";
import { doChore } from "./chores.ts";
import { failureOf, isFull } from "./native-errors.ts";
import { withPatience } from "./patience.ts";
import { Refusal } from "./refusal.ts";

/** A group is closed after so long, so that other processes get the lock and readers their turn. */
const GROUP_MS = 25;

/** After so long without a pause the thread's timers get their turn. */
const STRETCH_MS = 50;

/** What the thread does beside commands. */
export interface Surroundings {
  /** Whether something is left to do for which the process is to be kept alive. */
  readonly unfinished: () => boolean;
  /** Called when nothing is waiting, and now and then when there always is. */
  readonly paused: () => void;
  /** Called when all was done before the thread was told to close. */
  readonly closing: () => void;
}

type Run = (context: Context, input: unknown) => unknown;
const READ_RUNS = READS as Readonly<Record<string, Run>>;
const WRITE_RUNS = WRITES as Readonly<Record<string, Run>>;

/**
 * Runs commands in the thread. What has arrived by now is done together: first the reads, in one
 * snapshot; then the writes, in one transaction that is acknowledged after it is committed. While it is
 * being written the next group gathers.
 */
export class Executor {
  readonly #context: Context;
  readonly #port: MessagePort;
  readonly #options: WorkerOptions;
  readonly #readOnly: boolean;
  readonly #surroundings: Surroundings;
  #reads: Request[] = [];
  readonly #writes: Request[] = [];
  readonly #chores = new Set<Chore>();
  #replies: Reply[] = [];
  #closing = false;
  #goesOn = false;

  constructor(
    context: Context,
    port: MessagePort,
    { options, readOnly }: { readonly options: WorkerOptions; readonly readOnly: boolean },
    surroundings: Surroundings,
  ) {
    this.#context = context;
    this.#port = port;
    this.#options = options;
    this.#readOnly = readOnly;
    this.#surroundings = surroundings;
  }

  /** Takes a message and does all that has come. */
  receive(message: ToWorker): void {
    this.#take(message);
    if (!this.#goesOn) this.#run();
  }

  #run(): void {
    const until = performance.now() + STRETCH_MS;
    do {
      this.#takeArrived();
      this.#runReads();
      if (this.#writes.length > 0) this.#runGroup();
      this.#answer(this.#surroundings.unfinished());
    } while (this.#isWaiting() && performance.now() < until);
    this.#doChore();
    this.#goesOn = this.#isWaiting() || this.#chores.size > 0;
    if (this.#goesOn) setImmediate(() => this.#run());
    if (this.#closing && !this.#goesOn) this.#surroundings.closing();
    else this.#surroundings.paused();
  }

  /** One at a time: calls come between them. */
  #doChore(): void {
    const [chore] = this.#chores;
    if (chore === undefined) return;
    this.#chores.delete(chore);
    const { unfinished } = this.#surroundings;
    if (!this.#readOnly && doChore(this.#context.db, chore, this.#options)) this.#chores.add(chore);
    if (this.#chores.size === 0) this.#port.postMessage({ unfinished: unfinished() });
  }

  #isWaiting(): boolean {
    this.#takeArrived();
    return this.#reads.length > 0 || this.#writes.length > 0;
  }

  #take(message: ToWorker): void {
    if ("close" in message) this.#closing = true;
    else if ("chore" in message) this.#chores.add(message.chore);
    else for (const request of message.requests) this.#sort(request);
  }

  #sort(request: Request): void {
    if (Object.hasOwn(READ_RUNS, request.name)) this.#reads.push(request);
    else if (Object.hasOwn(WRITE_RUNS, request.name)) this.#writes.push(request);
    else this.#refuse(request, new Refusal("MEMCUBE_NOT_SUPPORTED", "No such command."));
  }

  #takeArrived(): void {
    for (;;) {
      const arrived = receiveMessageOnPort(this.#port);
      if (arrived === undefined) return;
      this.#take(arrived.message as ToWorker);
    }
  }

  #runReads(): void {
    const requests = this.#reads;
    if (requests.length === 0) return;
    this.#reads = [];
    try {
      this.#patiently(() => this.#execute("BEGIN"));
    } catch (error) {
      for (const request of requests) this.#refuse(request, error);
      return;
    }
    for (const request of requests) this.#attempt(READ_RUNS, request);
    this.#endReading();
  }

  /** Writes what is waiting, or as much of it as fits into one group. */
  #runGroup(): void {
    if (this.#readOnly) {
      const why = "The database file or its directory is read-only.";
      const refusal = new Refusal("MEMCUBE_STORAGE_READ_ONLY", why, { path: this.#options.path });
      for (const request of this.#writes.splice(0)) this.#refuse(request, refusal);
      return;
    }
    const waiting = this.#writes.length;
    try {
      this.#begin();
    } catch (error) {
      // Those that came meanwhile have not waited as long.
      for (const request of this.#writes.splice(0, waiting)) this.#refuse(request, error);
      return;
    }
    const group: Request[] = [];
    try {
      const replies = this.#writeGroup(group);
      this.#execute("COMMIT");
      this.#replies.push(...replies);
    } catch (error) {
      this.#context.db.rollBack();
      this.#afterCollapse(group, error);
    }
  }

  #begin(): void {
    const meanwhile = (): void => {
      this.#takeArrived();
      this.#runReads();
      this.#answer(true);
    };
    withPatience(this.#options.busyTimeoutMs, () => this.#execute("BEGIN IMMEDIATE"), meanwhile);
  }

  /** Moves requests from the queue into `group` and runs them, until the group's time is over. */
  #writeGroup(group: Request[]): Reply[] {
    const alone = this.#writes.length === 1;
    const until = performance.now() + GROUP_MS;
    const replies: Reply[] = [];
    do {
      const request = this.#writes.shift();
      if (request === undefined) break;
      group.push(request);
      replies.push(alone ? this.#write(request) : this.#writeUndoable(request));
    } while (performance.now() < until);
    return replies;
  }

  #write({ id, name, input }: Request): Reply {
    return { id, value: WRITE_RUNS[name]?.(this.#context, input) };
  }

  /**
   * One command within the group: when it fails, what it wrote is undone and nothing else.
   * @throws what it failed of, when SQLite has given up the whole transaction
   */
  #writeUndoable(request: Request): Reply {
    this.#execute("SAVEPOINT one");
    try {
      const reply = this.#write(request);
      this.#execute("RELEASE one");
      return reply;
    } catch (error) {
      if (!this.#undo()) throw error;
      return { id: request.id, failure: failureOf(error, this.#options.path) };
    }
  }

  #undo(): boolean {
    try {
      this.#execute("ROLLBACK TO one");
      this.#execute("RELEASE one");
      return true;
    } catch {
      return false;
    }
  }

  /** A full disk takes the group down, though smaller calls of it may still fit: each is tried alone. */
  #afterCollapse(group: readonly Request[], error: unknown): void {
    if (!isFull(error) || group.length === 1) {
      for (const request of group) this.#refuse(request, error);
      return;
    }
    for (const request of group) {
      try {
        this.#begin();
        const reply = this.#write(request);
        this.#execute("COMMIT");
        this.#replies.push(reply);
      } catch (again) {
        this.#context.db.rollBack();
        this.#refuse(request, again);
      }
    }
  }

  #attempt(runs: Readonly<Record<string, Run>>, request: Request): void {
    const { id, name, input } = request;
    try {
      this.#replies.push({ id, value: this.#patiently(() => runs[name]?.(this.#context, input)) });
    } catch (error) {
      this.#refuse(request, error);
    }
  }

  #refuse({ id }: { readonly id: number }, error: unknown): void {
    this.#replies.push({ id, failure: failureOf(error, this.#options.path) });
  }

  #patiently<T>(action: () => T): T {
    return withPatience(this.#options.busyTimeoutMs, action);
  }

  #execute(sql: string): void {
    this.#context.db.run(sql);
  }

  #endReading(): void {
    try {
      this.#execute("COMMIT");
    } catch {
      this.#context.db.rollBack(); // Nothing was written: what went wrong, the reads have said.
    }
  }

  #answer(unfinished: boolean): void {
    if (this.#replies.length === 0) return;
    const message: FromWorker = { replies: this.#replies, unfinished };
    this.#replies = [];
    this.#port.postMessage(message);
  }
}
