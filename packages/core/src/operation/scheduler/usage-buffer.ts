import { emit } from "../../events.ts";
import { LIMITS } from "../../limits.ts";
import { cubeKey, type CubeRef } from "../../memory/index.ts";
import type { Usage, UsageIncrement } from "../../ports/index.ts";

/** Reads that began before an erasure have counted what they found by then. */
const FORGOTTEN_MS = 60_000;

/**
 * Collects usage increments and writes them in batches. A crash loses those of the last
 * `LIMITS.usageDelayMs`, of at most `LIMITS.usageBuffer` memories.
 */
export class UsageBuffer {
  readonly #usage: Usage;
  /** By cube and id. */
  #pending = new Map<string, Map<string, UsageIncrement>>();
  #pendingCount = 0;
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
      if (this.#isForgotten(next.cube, next.id)) continue;
      const ofCube = this.#pendingOf(next.cube);
      const before = ofCube.get(next.id);
      ofCube.set(next.id, before === undefined ? next : sum(before, next));
      if (before === undefined) this.#pendingCount++;
    }
    if (this.#pendingCount >= LIMITS.usageBuffer) void this.flush();
    else if (this.#pendingCount > 0 && this.#timer === undefined) {
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
    }
    this.#drop(cube, ids);
    await this.#writing;
  }

  /** Counts again what was forgotten: a memory or a cube of the same id was made anew. */
  welcome(cube: CubeRef, id?: string): void {
    if (this.#forgotten.size === 0) return;
    this.#forgotten.delete(id === undefined ? cubeKey(cube) : keyOf(cube, id));
  }

  #pendingOf(cube: CubeRef): Map<string, UsageIncrement> {
    const key = cubeKey(cube);
    const known = this.#pending.get(key);
    if (known !== undefined) return known;
    const ofCube = new Map<string, UsageIncrement>();
    this.#pending.set(key, ofCube);
    return ofCube;
  }

  #drop(cube: CubeRef, ids?: readonly string[]): void {
    const ofCube = this.#pending.get(cubeKey(cube));
    if (ofCube === undefined) return;
    for (const id of ids ?? [...ofCube.keys()]) if (ofCube.delete(id)) this.#pendingCount--;
  }

  #isForgotten(cube: CubeRef, id: string): boolean {
    if (this.#forgotten.size === 0) return false;
    return this.#forgotten.has(keyOf(cube, id)) || this.#forgotten.has(cubeKey(cube));
  }

  /** Writes what is pending. Failures are reported as events: usage is losable by contract. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = [...this.#pending.values()].flatMap(inOrder);
    this.#pending = new Map();
    this.#pendingCount = 0;
    if (batch.length > 0) this.#writing = this.#writing.then(() => this.#write(batch));
    await this.#writing;
  }

  /** In slices, so that reads are answered in between. */
  async #write(batch: readonly UsageIncrement[]): Promise<void> {
    for (let from = 0; from < batch.length; from += LIMITS.usageSlice) {
      await this.#usage
        .add(batch.slice(from, from + LIMITS.usageSlice))
        .catch((error: unknown) => emit("memcube:error", { where: "usage", error }));
    }
  }
}

/** In order of id: counters that lie together are written together. */
function inOrder(ofCube: ReadonlyMap<string, UsageIncrement>): UsageIncrement[] {
  return [...ofCube.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
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
