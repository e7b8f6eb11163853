import { emit } from "../../events.ts";
import { LIMITS } from "../../limits.ts";
import { cubeKey } from "../../memory/index.ts";
import type { Usage, UsageIncrement } from "../../ports/index.ts";

/**
 * Collects usage increments and writes them in batches. A crash loses at most
 * `LIMITS.usageBuffer` increments or `LIMITS.usageDelayMs` of them, whichever is less.
 */
export class UsageBuffer {
  readonly #usage: Usage;
  #pending = new Map<string, UsageIncrement>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(usage: Usage) {
    this.#usage = usage;
  }

  /** Counts one or more uses; returns at once. */
  add(increments: readonly UsageIncrement[]): void {
    for (const next of increments) {
      const key = `${cubeKey(next.cube)}${next.id}`;
      const before = this.#pending.get(key);
      this.#pending.set(key, before === undefined ? next : sum(before, next));
    }
    if (this.#pending.size >= LIMITS.usageBuffer) void this.flush();
    else if (this.#pending.size > 0 && this.#timer === undefined) {
      this.#timer = setTimeout(() => void this.flush(), LIMITS.usageDelayMs);
      this.#timer.unref();
    }
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
