import { grown } from "./growable.ts";
import { hashBytes } from "./hash.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** As many as a double holds exactly. */
const PREFIX_BYTES = 6;

/**
 * Row ids as UTF-8 in one pool, found through open addressing: no map of strings, so 50,000 ids load by copying, and an
 * id becomes a string only when it is returned.
 */
export class IdTable {
  #bytes = new Uint8Array(256);
  #used = 0;
  /** Start of the row's id in the pool, and its length. */
  #start = new Uint32Array(16);
  #length = new Uint32Array(16);
  /** Row + 1; 0 is free, -1 was removed. */
  #slots = new Int32Array(32);
  #taken = 0;
  #live = 0;
  #rows = 0;

  static from(bytes: Uint8Array, start: Uint32Array, length: Uint32Array): IdTable {
    const table = new IdTable();
    table.#bytes = new Uint8Array(bytes);
    table.#used = bytes.length;
    table.#start = new Uint32Array(start);
    table.#length = new Uint32Array(length);
    table.#rows = start.length;
    for (let row = 0; row < length.length; row++) if (length[row] !== 0) table.#live++;
    table.#rebuild();
    return table;
  }

  get sizeBytes(): number {
    return (
      this.#bytes.byteLength +
      this.#start.byteLength +
      this.#length.byteLength +
      this.#slots.byteLength
    );
  }

  get columns(): { bytes: Uint8Array; start: Uint32Array; length: Uint32Array } {
    return {
      bytes: this.#bytes.subarray(0, this.#used),
      start: this.#start.subarray(0, this.#rows),
      length: this.#length.subarray(0, this.#rows),
    };
  }

  /** The row's id; "" for a row without one. */
  idOf(row: number): string {
    const start = this.#start[row] ?? 0;
    return decoder.decode(this.#bytes.subarray(start, start + (this.#length[row] ?? 0)));
  }

  /** The first bytes of a row's id as a number: rows whose ids differ in them are in its order. */
  prefixOf(row: number): number {
    const start = this.#start[row]!;
    const length = Math.min(PREFIX_BYTES, this.#length[row]!);
    let prefix = 0;
    for (let at = 0; at < PREFIX_BYTES; at++)
      prefix = prefix * 256 + (at < length ? this.#bytes[start + at]! : 0);
    return prefix;
  }

  /** Whether a row's id comes before another's, by bytes: an order that needs no strings. */
  precedes(row: number, other: number): boolean {
    const bytes = this.#bytes;
    const one = this.#start[row] ?? 0;
    const two = this.#start[other] ?? 0;
    const lengths = [this.#length[row] ?? 0, this.#length[other] ?? 0] as const;
    const shared = Math.min(...lengths);
    for (let at = 0; at < shared; at++) {
      const difference = bytes[one + at]! - bytes[two + at]!;
      if (difference !== 0) return difference < 0;
    }
    return lengths[0] < lengths[1];
  }

  /** The row with this id; -1 when there is none. */
  find(id: string): number {
    const bytes = encoder.encode(id);
    const last = this.#slots.length - 1;
    for (let slot = hashBytes(bytes, 0, bytes.length) & last; ; slot = (slot + 1) & last) {
      const entry = this.#slots[slot] ?? 0;
      if (entry === 0) return -1;
      if (entry > 0 && this.#equals(entry - 1, bytes)) return entry - 1;
    }
  }

  /** Gives `row` the id, which no other row may have at the time. */
  set(row: number, id: string): void {
    const bytes = encoder.encode(id);
    this.#bytes = grown(this.#bytes, this.#used + bytes.length);
    this.#bytes.set(bytes, this.#used);
    this.#start = grown(this.#start, row + 1);
    this.#length = grown(this.#length, row + 1);
    this.#rows = Math.max(this.#rows, row + 1);
    this.#start[row] = this.#used;
    this.#length[row] = bytes.length;
    this.#used += bytes.length;
    this.#live++;
    this.#place(row);
    if (this.#taken * 2 > this.#slots.length) this.#rebuild();
  }

  remove(row: number): void {
    const last = this.#slots.length - 1;
    for (let slot = this.#hashOf(row) & last; ; slot = (slot + 1) & last) {
      const entry = this.#slots[slot] ?? 0;
      if (entry === 0) return;
      if (entry !== row + 1) continue;
      this.#slots[slot] = -1;
      this.#length[row] = 0;
      this.#live--;
      return;
    }
  }

  /** Rewrites the pool without the ids of removed rows. */
  compact(): void {
    const { bytes, start, length } = this.columns;
    let used = 0;
    const kept = new Uint8Array(bytes.length);
    for (let row = 0; row < this.#rows; row++) {
      const from = start[row] ?? 0;
      const size = length[row] ?? 0;
      kept.set(bytes.subarray(from, from + size), used);
      this.#start[row] = used;
      used += size;
    }
    this.#bytes = kept.slice(0, used);
    this.#used = used;
    this.#rebuild();
  }

  #hashOf(row: number): number {
    const start = this.#start[row] ?? 0;
    return hashBytes(this.#bytes, start, start + (this.#length[row] ?? 0));
  }

  #equals(row: number, bytes: Uint8Array): boolean {
    if (this.#length[row] !== bytes.length) return false;
    const start = this.#start[row] ?? 0;
    for (let at = 0; at < bytes.length; at++)
      if (this.#bytes[start + at] !== bytes[at]) return false;
    return true;
  }

  #place(row: number): void {
    const last = this.#slots.length - 1;
    let slot = this.#hashOf(row) & last;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & last;
    this.#slots[slot] = row + 1;
    this.#taken++;
  }

  #rebuild(): void {
    let size = 32;
    while (size < this.#live * 4) size *= 2;
    this.#slots = new Int32Array(size);
    this.#taken = 0;
    for (let row = 0; row < this.#rows; row++) if (this.#length[row] !== 0) this.#place(row);
  }
}
