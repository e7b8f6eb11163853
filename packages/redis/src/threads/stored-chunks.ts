import { randomBytes } from "node:crypto";

/** Names remembered in all: some ten megabytes. */
const NAMES = 100_000;

/** What is known of a thread. */
interface Known {
  /** Of the last write of this process to the thread that was answered; "" when there is none. */
  stamp: string;
  /** Chunks the thread had after it. */
  readonly names: Set<string>;
}

/** What a writer sees of it. */
export interface KnownThread {
  readonly stamp: string;
  readonly names: ReadonlySet<string>;
}

/** A write that was done. */
export interface DoneWrite {
  readonly stamp: string;
  /** The stamp it found. */
  readonly before: string;
  /** Chunks the thread has after it; those that were known may be left out. */
  readonly names: Iterable<string>;
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

  of(thread: string): KnownThread {
    const known = this.#known.get(thread);
    if (known !== undefined) return known;
    const empty: Known = { stamp: "", names: new Set() };
    this.#known.set(thread, empty);
    this.#names += 1;
    return empty;
  }

  learn(thread: string, { stamp, before, names }: DoneWrite): void {
    const known = this.#known.get(thread);
    if (known === undefined) return;
    this.#names -= known.names.size;
    // INVARIANT: names are those of writes that followed each other with no other between.
    if (known.stamp !== before) known.names.clear();
    known.stamp = stamp;
    for (const name of names) known.names.add(name);
    this.#names += known.names.size;
    for (const oldest of this.#known.keys()) {
      if (this.#names <= NAMES) return;
      this.forget(oldest);
    }
  }

  forget(thread: string): void {
    const known = this.#known.get(thread);
    if (known === undefined) return;
    this.#names -= known.names.size + 1;
    this.#known.delete(thread);
  }
}
