/** Prefixes whose uses are counted; the longest unused are forgotten. */
const COUNTED = 4_096;
/** Uses after which it is tried once more: what is enough but can't be kept costs its bytes each time. */
const AGAIN = 100;

/** Counts uses in this process, until they are enough: a hint of what is worth keeping, not state. */
export class UseCounts {
  readonly #counts = new Map<string, number>();

  /** Counts one more; true for the `enough`th, and then not before a hundred others. */
  add(key: string, enough: number): boolean {
    const count = (this.#counts.get(key) ?? 0) + 1;
    const isEnough = count >= enough;
    this.#counts.delete(key);
    this.#counts.set(key, isEnough ? enough - Math.max(enough, AGAIN) : count);
    const oldest = this.#counts.keys().next().value;
    if (this.#counts.size > COUNTED && oldest !== undefined) this.#counts.delete(oldest);
    return isEnough;
  }
}
