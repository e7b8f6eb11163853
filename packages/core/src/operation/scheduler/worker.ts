import { emit } from "../../events.ts";
import { isMemCubeError } from "../../errors.ts";
import type { LeasedTask } from "../../flow/index.ts";
import { LIMITS } from "../../limits.ts";
import type { Clock, TaskQueue } from "../../ports/index.ts";
import { pause } from "../operator/index.ts";

/** Does one task. Must be idempotent: a task may run again after a crash. */
export type TaskHandler = (task: LeasedTask, signal: AbortSignal) => Promise<void>;

/** How often a worker looks for tasks of other processes, in milliseconds. */
const POLL_MS = 1_000;
/** Tasks that run at a time: a slow embedder does not hold up an erasure. */
const SLOTS = 4;
/** How long `close` waits for handlers that were told to stop. */
const GRACE_MS = 2_000;

/**
 * Runs queued tasks of the types it has handlers for (MemOS 2507.03724 section 5.4.2). Handlers are
 * registered by the composition root, since they live in layers above. A task is leased when a slot
 * is free for it, so none waits under a lease or spends an attempt without having been begun.
 */
export class TaskWorker {
  readonly #queue: TaskQueue;
  readonly #clock: Clock;
  readonly #name: string;
  readonly #handlers = new Map<string, TaskHandler>();
  readonly #stop = new AbortController();
  readonly #renewals = new Set<NodeJS.Timeout>();
  readonly #slots = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  /** Rises with every nudge: a slot that found nothing before the newest one looks again. */
  #nudges = 0;
  /** Whether a slot asks the queue right now: one at a time does. */
  #looking = false;
  readonly #closed = Promise.withResolvers<void>();
  /** Ended tasks, for those who wait for one. */
  #ended = Promise.withResolvers<void>();

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
    this.#nudges++;
    clearTimeout(this.#timer);
    if (!this.#looking) this.#openSlot();
  }

  /** Runs until no task of this worker's types is due. */
  async idle(): Promise<void> {
    this.nudge();
    const closed = this.#closed.promise;
    while (this.#slots.size > 0 && !this.#stop.signal.aborted) {
      await Promise.race([Promise.all(this.#slots), closed]);
    }
  }

  /** Until the next task of this worker ends, at most `ms`. */
  async nextEnd(ms: number, signal?: AbortSignal): Promise<void> {
    const over = new AbortController();
    const stop = () => over.abort();
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted === true) stop();
    await Promise.race([pause(ms, over.signal), this.#ended.promise]);
    signal?.removeEventListener("abort", stop);
    stop();
  }

  /**
   * Stops taking tasks, tells running handlers to stop and waits for them, up to `graceMs`: a task
   * whose handler does not listen comes back when its lease lapses.
   */
  async close(graceMs = GRACE_MS): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    const over = new AbortController();
    await Promise.race([Promise.all(this.#slots), pause(graceMs, over.signal)]);
    over.abort();
    for (const renewal of this.#renewals) clearInterval(renewal);
    this.#closed.resolve();
  }

  #openSlot(): void {
    if (this.#slots.size >= SLOTS || this.#stop.signal.aborted) return;
    const slot = this.#drain().finally(() => {
      this.#slots.delete(slot);
      if (this.#slots.size === 0) this.#sleep();
    });
    this.#slots.add(slot);
  }

  #sleep(): void {
    if (this.#stop.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.nudge(), POLL_MS);
    this.#timer.unref();
  }

  async #drain(): Promise<void> {
    try {
      for (;;) {
        const task = await this.#next();
        if (task === undefined) return;
        // Where there was one there may be more.
        if (!this.#looking) this.#openSlot();
        await this.#run(task);
        if (this.#looking) return;
      }
    } catch (error) {
      if (!isMemCubeError(error, "MEMCUBE_CLOSED"))
        emit("memcube:error", { where: "worker", error });
    }
  }

  /** Leases a task; `undefined` when none was due since the last nudge. */
  async #next(): Promise<LeasedTask | undefined> {
    this.#looking = true;
    try {
      for (let nudges = -1; nudges !== this.#nudges && !this.#stop.signal.aborted;) {
        nudges = this.#nudges;
        const [task] = await this.#queue.lease({
          types: [...this.#handlers.keys()],
          limit: 1,
          now: this.#clock.now(),
          leaseMs: LIMITS.taskLeaseMs,
          worker: this.#name,
        });
        if (task !== undefined) return task;
      }
      return undefined;
    } finally {
      this.#looking = false;
    }
  }

  async #run(task: LeasedTask): Promise<void> {
    const handler = this.#handlers.get(task.type);
    if (handler === undefined) return;
    const started = performance.now();
    const renewal = this.#renew(task);
    try {
      this.#stop.signal.throwIfAborted();
      await handler(task, this.#stop.signal);
      await this.#queue.complete(task);
      this.#tell(task, "done", started);
    } catch (error) {
      await this.#fail(task, error, started);
    } finally {
      clearInterval(renewal);
      this.#renewals.delete(renewal);
      this.#ended.resolve();
      this.#ended = Promise.withResolvers<void>();
    }
  }

  /** Extends the lease while the handler works. */
  #renew(task: LeasedTask): NodeJS.Timeout {
    const renewal = setInterval(() => {
      this.#queue.extend(task, this.#clock.now(), LIMITS.taskLeaseMs).catch((error: unknown) => {
        emit("memcube:error", { where: "worker.extend", error });
      });
    }, LIMITS.taskLeaseMs / 3);
    renewal.unref();
    this.#renewals.add(renewal);
    return renewal;
  }

  async #fail(task: LeasedTask, error: unknown, started: number): Promise<void> {
    if (isMemCubeError(error, "MEMCUBE_LEASE_LOST") || isMemCubeError(error, "MEMCUBE_CLOSED")) {
      return;
    }
    const now = this.#clock.now();
    // Told to stop is no failure: another process may have it at once.
    const stopped = this.#stop.signal.aborted;
    const last = task.attempt >= task.maxAttempts;
    const backoff = LIMITS.taskBackoffMs * 2 ** (task.attempt - 1);
    const retryAt = stopped ? now : now + Math.min(LIMITS.taskBackoffMaxMs, backoff);
    if (!stopped) emit("memcube:error", { where: `task.${task.type}`, error });
    // After its last attempt a stopped task waits for its lease, so that it shows as lapsed.
    if (stopped && last) return;
    await this.#queue
      .fail(task, { error: describe(error), now, ...(last ? {} : { retryAt }) })
      .catch((failure: unknown) => {
        if (isMemCubeError(failure, "MEMCUBE_CLOSED")) return;
        emit("memcube:error", { where: "worker.fail", error: failure });
      });
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
