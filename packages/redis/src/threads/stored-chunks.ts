import { randomBytes } from "node:crypto";

/** Names remembered in all: some ten megabytes. */
const NAMES = 100_000;

/** What is known of a thread. */
export interface KnownThread {
  /** Of the last write of this process to the thread that was answered. */
  readonly stamp: string;
  /** Chunks the thread had after it. */
  readonly names: ReadonlySet<string>;
}

interface Known extends KnownThread {
  readonly names: Set<string>;
}

/**
 * Chunks that threads are known to have, so that a put need not look for each. The server says nothing
 * was written since by the stamp of the last write; if something was, or a master lost that write, all
 * are looked for.
 */
export class StoredChunks {
  readonly #known = new Map<string, Known>();
  readonly #process = randomBytes(9).toString("base64url");
  #writes = 0;
  #names = 0;

  /** A stamp that no other write has. */
  nextStamp(): string {
    this.#writes += 1;
    return `${this.#process}${this.#writes.toString(36)}`;
  }

  /** After which write a thread is known; `undefined` when it is not. */
  of(thread: string): KnownThread | undefined {
    return this.#known.get(thread);
  }

  /**
   * A write was done.
   * @param before the stamp it found
   * @param names lists of chunks the thread has after it
   */
  learn(
    thread: string,
    write: {
      readonly stamp: string;
      readonly before: string;
      readonly names: readonly (readonly string[])[];
    },
  ): void {
    const last = this.#known.get(thread);
    this.forget(thread);
    // INVARIANT: names are those of writes that followed each other with no other between.
    const names =
      last !== undefined && last.stamp === write.before ? last.names : new Set<string>();
    for (const list of write.names) for (const name of list) names.add(name);
    this.#known.set(thread, { stamp: write.stamp, names });
    this.#names += names.size + 1;
    if (this.#names <= NAMES) return;
    for (const oldest of this.#known.keys()) {
      this.forget(oldest);
      if (this.#names <= NAMES) return;
    }
  }

  forget(thread: string): void {
    const known = this.#known.get(thread);
    if (known === undefined) return;
    this.#names -= known.names.size + 1;
    this.#known.delete(thread);
  }
}
