/** Writes from which on a commit is a large one: a script of some 0.2 ms. */
const LARGE_WRITES = 16;

/** Large commits under way at a time: one that the server works on, and the next on its way to it. */
const UNDER_WAY = 2;

/**
 * Lets a few large commits through at a time. A server reads what a connection has sent in one go and
 * runs all of it before it turns to another client: ten large commits of ours, sent together, would hold up
 * everybody's PING by all ten. Small commits pass; no more wait than callers wait for.
 */
export class BulkGate {
  #free = UNDER_WAY;
  readonly #waiting: (() => void)[] = [];

  async through<T>(writes: number, commit: () => Promise<T>): Promise<T> {
    if (writes < LARGE_WRITES) return await commit();
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await commit();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
