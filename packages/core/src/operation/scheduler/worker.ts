import { emit } from "../../events.ts";
import { isMemCubeError } from "../../errors.ts";
import type { LeasedTask } from "../../flow/index.ts";
import { LIMITS } from "../../limits.ts";
import type { Clock, TaskQueue } from "../../ports/index.ts";

/** Does one task. Must be idempotent: a task may run again after a crash. */
export type TaskHandler = (task: LeasedTask, signal: AbortSignal) => Promise<void>;

/** How often a worker looks for tasks of other processes, in milliseconds. */
const POLL_MS = 1_000;
const BATCH = 8;

/**
 * Runs queued tasks of the types it has handlers for (MemOS 2507.03724 section 5.4.2). Handlers are
 * registered by the composition root, since they live in layers above.
 */
export class TaskWorker {
  readonly #queue: TaskQueue;
  readonly #clock: Clock;
  readonly #name: string;
  readonly #handlers = new Map<string, TaskHandler>();
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #again = false;

  constructor(queue: TaskQueue, clock: Clock, name: string) {
    this.#queue = queue;
    this.#clock = clock;
    this.#name = name;
  }

  handle(type: string, handler: TaskHandler): void {
    this.#handlers.set(type, handler);
  }

  /** Starts looking for tasks, now and from time to time. Never keeps the process alive. */
  start(): void {
    this.nudge();
  }

  /** Looks for tasks soon, because some were queued. */
  nudge(): void {
    if (this.#stop.signal.aborted || this.#handlers.size === 0) return;
    this.#again = true;
    this.#running ??= this.#drain().finally(() => {
      this.#running = undefined;
      this.#sleep();
    });
  }

  /** Runs until no task of this worker's types is due. */
  async idle(): Promise<void> {
    this.nudge();
    await this.#running;
  }

  /** Stops taking tasks, tells running handlers to stop and waits for them. */
  async close(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    await this.#running;
  }

  #sleep(): void {
    if (this.#stop.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.nudge(), POLL_MS);
    this.#timer.unref();
  }

  async #drain(): Promise<void> {
    try {
      while (this.#again && !this.#stop.signal.aborted) {
        this.#again = false;
        const tasks = await this.#queue.lease({
          types: [...this.#handlers.keys()],
          limit: BATCH,
          now: this.#clock.now(),
          leaseMs: LIMITS.taskLeaseMs,
          worker: this.#name,
        });
        if (tasks.length > 0) this.#again = true;
        for (const task of tasks) await this.#run(task);
      }
    } catch (error) {
      emit("memcube:error", { where: "worker", error });
    }
  }

  async #run(task: LeasedTask): Promise<void> {
    const handler = this.#handlers.get(task.type);
    if (handler === undefined || this.#stop.signal.aborted) return;
    const started = performance.now();
    const renewal = setInterval(() => {
      this.#queue.extend(task, this.#clock.now(), LIMITS.taskLeaseMs).catch((error: unknown) => {
        emit("memcube:error", { where: "worker.extend", error });
      });
    }, LIMITS.taskLeaseMs / 3);
    renewal.unref();
    try {
      await handler(task, this.#stop.signal);
      await this.#queue.complete(task);
      this.#tell(task, "done", started);
    } catch (error) {
      await this.#fail(task, error, started);
    } finally {
      clearInterval(renewal);
    }
  }

  async #fail(task: LeasedTask, error: unknown, started: number): Promise<void> {
    if (isMemCubeError(error, "MEMCUBE_LEASE_LOST") || isMemCubeError(error, "MEMCUBE_CLOSED")) {
      return;
    }
    const now = this.#clock.now();
    const last = task.attempt >= task.maxAttempts;
    const backoff = LIMITS.taskBackoffMs * 2 ** (task.attempt - 1);
    const retryAt = now + Math.min(LIMITS.taskBackoffMaxMs, backoff);
    emit("memcube:error", { where: `task.${task.type}`, error });
    await this.#queue
      .fail(task, { error: describe(error), now, ...(last ? {} : { retryAt }) })
      .catch((failure: unknown) => emit("memcube:error", { where: "worker.fail", error: failure }));
    this.#tell(task, last ? "dead" : "retry", started);
  }

  #tell(task: LeasedTask, outcome: "done" | "retry" | "dead", started: number): void {
    const ms = performance.now() - started;
    emit("memcube:task", { type: task.type, outcome, attempt: task.attempt, ms });
  }
}

/** Code and class of a failure; messages of others may quote what was remembered. */
function describe(error: unknown): string {
  if (isMemCubeError(error)) return error.code;
  return error instanceof Error ? error.name : typeof error;
}
