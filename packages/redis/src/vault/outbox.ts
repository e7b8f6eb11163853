import type { CubeRef, NewTask, TaskQueue } from "@memcube/core";
import { z } from "zod";

import type { RedisConnection } from "../connection/connection.ts";
import { damaged, listOf, rowsOf, textOf } from "../replies.ts";

/** How long a registration is good for before it is made again. */
const REGISTERED_MS = 60_000;

/** How long after its registration an outbox is looked at: every commit under it is over by then. */
const LATE_MS = 2 * REGISTERED_MS;

/** Outboxes looked at in one sweep. */
const SWEEP = 100;

/** Registrations remembered here; forgetting one costs a call. */
const KEPT = 10_000;

const tasksSchema = z.array(
  z.custom<NewTask>((value) => typeof value === "object" && value !== null && "key" in value),
);

/**
 * Carries the tasks of commits to the queue where both lie in different slots of a cluster. The commit
 * itself writes them to the cube's outbox; a list in the queue's slot names the cubes that may have one
 * that is not empty, so that after a crash whoever leases next finds it.
 */
export class Outbox {
  readonly #connection: RedisConnection;
  readonly #queue: TaskQueue;
  readonly #registered = new Map<string, number>();
  #swept = 0;

  constructor(connection: RedisConnection, queue: TaskQueue) {
    this.#connection = connection;
    this.#queue = queue;
  }

  /** To be done before a commit with tasks. */
  async register(ref: CubeRef): Promise<void> {
    const now = performance.now();
    const name = nameOf(ref);
    const known = this.#registered.get(name);
    if (known !== undefined && now - known < REGISTERED_MS) return;
    const { keys } = this.#connection;
    await this.#connection.run("register-outbox", [keys.queue("outboxes")], [name]);
    this.#registered.delete(name);
    this.#registered.set(name, now);
    const oldest = this.#registered.keys().next();
    if (this.#registered.size > KEPT && oldest.done !== true) this.#registered.delete(oldest.value);
  }

  /** Hands the tasks of a commit on. What fails here is handed on by a later sweep. */
  async relay(
    ref: CubeRef,
    seq: number,
    { tasks, at }: { readonly tasks: readonly NewTask[]; readonly at: number },
  ): Promise<void> {
    await this.#queue.enqueue(tasks, at);
    const key = this.#connection.keys.cube(ref, "outbox");
    await this.#connection.send(key, ["HDEL", key, String(seq)]);
  }

  /** Hands on what crashed processes left, at most once in a while. */
  async sweep(now: number): Promise<void> {
    const started = performance.now();
    if (started - this.#swept < REGISTERED_MS / 10) return;
    this.#swept = started;
    await this.sweepAll(now, LATE_MS);
  }

  /** The same at once, for outboxes registered so long ago. */
  async sweepAll(now: number, olderThanMs: number): Promise<void> {
    const { keys } = this.#connection;
    const args = [String(olderThanMs), String(SWEEP)];
    const key = keys.queue("outboxes");
    const late = rowsOf(await this.#connection.run("list-outboxes", [key], args), 2);
    for (const [name, registered] of late) {
      await this.#empty(refOf(textOf(name)), now);
      // Only if nobody registered it again meanwhile.
      const pair = [textOf(name), textOf(registered)];
      await this.#connection.run("unregister-outbox", [key], pair);
    }
  }

  async #empty(ref: CubeRef, now: number): Promise<void> {
    const key = this.#connection.keys.cube(ref, "outbox");
    const fields = await this.#connection.run("read-outbox", [key], []);
    for (const [seq, text] of rowsOf(listOf(fields), 2)) {
      const tasks = readTasks(textOf(text));
      await this.relay(ref, Number(textOf(seq)), { tasks, at: now });
    }
  }
}

function nameOf({ tenantId, cubeId }: CubeRef): string {
  return JSON.stringify([tenantId, cubeId]);
}

function refOf(name: string): CubeRef {
  const [tenantId, cubeId] = z.tuple([z.string(), z.string()]).parse(JSON.parse(name));
  return { tenantId, cubeId };
}

function readTasks(text: string): readonly NewTask[] {
  try {
    return tasksSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw damaged("tasks of a commit", cause);
  }
}
