import { emit } from "../../events.ts";
import { LIMITS } from "../../limits.ts";
import { cubeKey, type CubeRef } from "../../memory/index.ts";
import type { Usage, UsageIncrement } from "../../ports/index.ts";

/** Reads that began before an erasure have counted what they found by then. */
const FORGOTTEN_MS = 60_000;

/**
 * Collects usage increments and writes them in batches. A crash loses at most
 * `LIMITS.usageBuffer` increments or `LIMITS.usageDelayMs` of them, whichever is less.
 */
export class UsageBuffer {
  readonly #usage: Usage;
  #pending = new Map<string, UsageIncrement>();
  /** What is not to be counted any more, and since when by `performance.now()`: oldest first. */
  readonly #forgotten = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(usage: Usage) {
    this.#usage = usage;
  }

  /** Counts one or more uses; returns at once. */
  add(increments: readonly UsageIncrement[]): void {
    for (const next of increments) {
      const key = keyOf(next.cube, next.id);
      if (this.#isForgotten(next.cube, key)) continue;
      const before = this.#pending.get(key);
      this.#pending.set(key, before === undefined ? next : sum(before, next));
    }
    if (this.#pending.size >= LIMITS.usageBuffer) void this.flush();
    else if (this.#pending.size > 0 && this.#timer === undefined) {
      this.#timer = setTimeout(() => void this.flush(), LIMITS.usageDelayMs);
      this.#timer.unref();
    }
  }

  /**
   * Drops what is pending for memories, and for a minute what reads that are under way would add, so
   * that counters of erased memories do not come back. Batches being written are waited for: call it
   * before the storage deletes its counters.
   *
   * @param ids left out: the whole cube
   */
  async forget(cube: CubeRef, ids?: readonly string[]): Promise<void> {
    const now = performance.now();
    for (const [key, at] of this.#forgotten) {
      if (now - at < FORGOTTEN_MS) break;
      this.#forgotten.delete(key);
    }
    const keys = ids?.map((id) => keyOf(cube, id)) ?? [cubeKey(cube)];
    for (const key of keys) {
      this.#forgotten.delete(key);
      this.#forgotten.set(key, now);
      if (ids !== undefined) this.#pending.delete(key);
    }
    if (ids === undefined) {
      for (const key of this.#pending.keys()) {
        if (key.startsWith(cubeKey(cube))) this.#pending.delete(key);
      }
    }
    await this.#writing;
  }

  /** Counts again what was forgotten: a memory or a cube of the same id was made anew. */
  welcome(cube: CubeRef, id?: string): void {
    if (this.#forgotten.size === 0) return;
    this.#forgotten.delete(id === undefined ? cubeKey(cube) : keyOf(cube, id));
  }

  #isForgotten(cube: CubeRef, key: string): boolean {
    if (this.#forgotten.size === 0) return false;
    return this.#forgotten.has(key) || this.#forgotten.has(cubeKey(cube));
  }

  /** Writes what is pending. Failures are reported as events: usage is losable by contract. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = [...this.#pending.values()];
    this.#pending = new Map();
    if (batch.length > 0) {
      this.#writing = this.#writing
        .then(() => this.#usage.add(batch))
        .catch((error: unknown) => emit("memcube:error", { where: "usage", error }));
    }
    await this.#writing;
  }
}

function keyOf(cube: CubeRef, id: string): string {
  return `${cubeKey(cube)}\n${id}`;
}

function sum(a: UsageIncrement, b: UsageIncrement): UsageIncrement {
  return {
    cube: a.cube,
    id: a.id,
    reads: (a.reads ?? 0) + (b.reads ?? 0),
    injections: (a.injections ?? 0) + (b.injections ?? 0),
    uses: (a.uses ?? 0) + (b.uses ?? 0),
    at: Math.max(a.at, b.at),
  };
}
