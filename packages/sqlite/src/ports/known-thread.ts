import type { ThreadPlace } from "../worker/commands/threads/journal.ts";
import { type LoggedStep, namedBy } from "../worker/commands/threads/logged-step.ts";

/** A thread as this process knows it: where it is, and chunks that it has for as long as it is of this generation. */
export class KnownThread {
  readonly place: ThreadPlace;
  readonly #hashes = new Set<string>();

  constructor({ key, generation }: ThreadPlace) {
    this.place = { key, generation };
  }

  /** How many hashes it remembers. */
  get size(): number {
    return this.#hashes.size;
  }

  /** Whether all that a step names is there, or given with it. */
  hasAll(step: LoggedStep): boolean {
    let given: Set<string> | undefined;
    const isThere = (hash: string): boolean => {
      if (this.#hashes.has(hash)) return true;
      given ??= new Set(step.chunks.map((chunk) => chunk.hash));
      return given.has(hash);
    };
    return allNamedBy(step).every((hashes) => hashes.every(isThere));
  }

  /** What a stored step gave and named is there. */
  learn(step: LoggedStep): void {
    for (const hashes of allNamedBy(step)) for (const hash of hashes) this.#hashes.add(hash);
    for (const { hash } of step.chunks) this.#hashes.add(hash);
  }
}

/** Hashes that a step and its chunks name, given with it or not. */
function allNamedBy(step: LoggedStep): readonly (readonly string[])[] {
  return [...step.chunks.map(({ needs }) => needs), namedBy(step)];
}
