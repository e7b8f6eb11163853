import { grown } from "./growable.ts";
import { hashString } from "./hash.ts";

/**
 * Terms to dense numbers, 1 upwards, by a 64-bit hash in open addressing: no string is kept, so a table of 10^5 terms is
 * loaded by copying three arrays.
 */
export class TermTable {
  /** Terms known; the highest number given. */
  #count = 0;
  #low = new Uint32Array(16);
  #high = new Uint32Array(16);
  #slots = new Int32Array(32);
  readonly #hash = new Uint32Array(2);

  static from(low: Uint32Array, high: Uint32Array): TermTable {
    const table = new TermTable();
    table.#count = low.length - 1;
    table.#low = new Uint32Array(low);
    table.#high = new Uint32Array(high);
    table.#rebuild();
    return table;
  }

  get count(): number {
    return this.#count;
  }

  get sizeBytes(): number {
    return this.#low.byteLength + this.#high.byteLength + this.#slots.byteLength;
  }

  /** The hashes of terms 0..count (0 is unused), for `from`. */
  get columns(): { low: Uint32Array; high: Uint32Array } {
    return {
      low: this.#low.subarray(0, this.#count + 1),
      high: this.#high.subarray(0, this.#count + 1),
    };
  }

  /** The term's number; 0 when it was never added. */
  find(term: string): number {
    hashString(term, this.#hash);
    return this.#slots[this.#probe(this.#hash[0] ?? 0, this.#hash[1] ?? 0)] ?? 0;
  }

  /** The term's number, a new one if need be. */
  add(term: string): number {
    hashString(term, this.#hash);
    const [low = 0, high = 0] = this.#hash;
    const slot = this.#probe(low, high);
    const known = this.#slots[slot] ?? 0;
    if (known > 0) return known;
    const number = ++this.#count;
    this.#low = grown(this.#low, number + 1);
    this.#high = grown(this.#high, number + 1);
    this.#low[number] = low;
    this.#high[number] = high;
    this.#slots[slot] = number;
    if (number * 2 > this.#slots.length) this.#rebuild();
    return number;
  }

  /**
   * A table of the terms that occur in `used` only, which is renumbered in place: hashes of erased words must not stay.
   */
  keep(used: Int32Array): TermTable {
    const kept = new TermTable();
    const numbers = new Int32Array(this.#count + 1);
    for (let at = 0; at < used.length; at++) {
      const old = used[at] ?? 0;
      if (old > 0 && numbers[old] === 0) {
        numbers[old] = ++kept.#count;
        kept.#low = grown(kept.#low, kept.#count + 1);
        kept.#high = grown(kept.#high, kept.#count + 1);
        kept.#low[kept.#count] = this.#low[old] ?? 0;
        kept.#high[kept.#count] = this.#high[old] ?? 0;
      }
      used[at] = numbers[old] ?? 0;
    }
    kept.#rebuild();
    return kept;
  }

  /** The slot that holds the hash, or the free one where it belongs. */
  #probe(low: number, high: number): number {
    const last = this.#slots.length - 1;
    for (let slot = low & last; ; slot = (slot + 1) & last) {
      const number = this.#slots[slot] ?? 0;
      if (number === 0 || (this.#low[number] === low && this.#high[number] === high)) return slot;
    }
  }

  #rebuild(): void {
    let size = 32;
    while (size < this.#count * 4) size *= 2;
    this.#slots = new Int32Array(size);
    for (let number = 1; number <= this.#count; number++) {
      const slot = this.#probe(this.#low[number] ?? 0, this.#high[number] ?? 0);
      this.#slots[slot] = number;
    }
  }
}
