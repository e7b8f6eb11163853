/** Prefixes whose uses are counted; the longest unused are forgotten. */
const COUNTED = 4_096;

/** Counts uses in this process, until they are enough: a hint of what is worth keeping, not state. */
export class UseCounts {
  readonly #counts = new Map<string, number>();

  /** Counts one more; true for the `enough`th, with which counting begins anew. */
  add(key: string, enough: number): boolean {
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.delete(key);
    if (count >= enough) return true;
    this.#counts.set(key, count);
    const oldest = this.#counts.keys().next().value;
    if (this.#counts.size > COUNTED && oldest !== undefined) this.#counts.delete(oldest);
    return false;
  }
}
