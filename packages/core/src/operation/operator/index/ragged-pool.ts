import { grown } from "./growable.ts";

/** A list of small numbers per row (its terms, its tags), all in one buffer. Lists of removed rows wait for `compact`. */
export class RaggedPool {
  #data = new Int32Array(64);
  #used = 0;
  #start = new Uint32Array(16);
  #count = new Uint32Array(16);
  #rows = 0;

  static from(data: Int32Array, start: Uint32Array, count: Uint32Array): RaggedPool {
    const pool = new RaggedPool();
    pool.#data = new Int32Array(data);
    pool.#used = data.length;
    pool.#start = new Uint32Array(start);
    pool.#count = new Uint32Array(count);
    pool.#rows = start.length;
    return pool;
  }

  get sizeBytes(): number {
    return this.#data.byteLength + this.#start.byteLength + this.#count.byteLength;
  }

  get columns(): { data: Int32Array; start: Uint32Array; count: Uint32Array } {
    return {
      data: this.#data.subarray(0, this.#used),
      start: this.#start.subarray(0, this.#rows),
      count: this.#count.subarray(0, this.#rows),
    };
  }

  /** The buffer itself; a row's list is `[start(row), start(row) + count(row))`. Valid until the next change. */
  get data(): Int32Array {
    return this.#data;
  }

  start(row: number): number {
    return this.#start[row] ?? 0;
  }

  count(row: number): number {
    return this.#count[row] ?? 0;
  }

  set(row: number, values: readonly number[]): void {
    this.#data = grown(this.#data, this.#used + values.length);
    this.#data.set(values, this.#used);
    this.#start = grown(this.#start, row + 1);
    this.#count = grown(this.#count, row + 1);
    this.#rows = Math.max(this.#rows, row + 1);
    this.#start[row] = this.#used;
    this.#count[row] = values.length;
    this.#used += values.length;
  }

  clear(row: number): void {
    this.#count[row] = 0;
  }

  /** Rewrites the buffer without the lists of cleared rows. */
  compact(): void {
    const kept = new Int32Array(this.#used);
    let used = 0;
    for (let row = 0; row < this.#rows; row++) {
      const from = this.start(row);
      kept.set(this.#data.subarray(from, from + this.count(row)), used);
      this.#start[row] = used;
      used += this.count(row);
    }
    this.#data = kept.slice(0, used);
    this.#used = used;
  }
}
