import { grown } from "./growable.ts";
import type { RaggedPool } from "./ragged-pool.ts";

/**
 * Which rows hold a term, and how often: one sorted base (compressed sparse rows) and a tail of chained entries for what
 * was added since, folded into the base when it has grown large. Entries of removed rows stay until then; readers skip
 * rows that are not visible. Only a row's own terms are held: neighbours are looked up when a query is scored.
 */
export class Postings {
  #start = new Uint32Array(2);
  #rows = new Int32Array(0);
  #counts = new Uint8Array(0);
  #head = new Int32Array(16);
  /** Entries of four numbers, so that one lies in one cache line: row, count, next entry + 1, unused. */
  #tail = new Int32Array(16);
  #tailUsed = 0;

  static from(start: Uint32Array, rows: Int32Array, counts: Uint8Array): Postings {
    const postings = new Postings();
    postings.#start = new Uint32Array(start);
    postings.#rows = new Int32Array(rows);
    postings.#counts = new Uint8Array(counts);
    return postings;
  }

  get sizeBytes(): number {
    return (
      this.#start.byteLength +
      this.#rows.byteLength +
      this.#counts.byteLength +
      this.#head.byteLength +
      this.#tail.byteLength
    );
  }

  /** The base; call `rebuild` first to have the tail in it. */
  get columns(): { start: Uint32Array; rows: Int32Array; counts: Uint8Array } {
    return { start: this.#start, rows: this.#rows, counts: this.#counts };
  }

  /** Entries that are not in the base yet. */
  get tailLength(): number {
    return this.#tailUsed;
  }

  /** Postings of the base. */
  get baseLength(): number {
    return this.#rows.length;
  }

  /** Adds a row's terms, given as a list with repetitions; term 0 is skipped. */
  add(row: number, terms: readonly number[]): void {
    const counts = new Map<number, number>();
    for (const term of terms) if (term > 0) counts.set(term, (counts.get(term) ?? 0) + 1);
    for (const [term, count] of counts) this.#append(term, row, count);
  }

  /** How many visible rows have the term, counted up to `limit`. */
  count(term: number, visible: Uint8Array, limit: number): number {
    let count = 0;
    const to = this.#start[term + 1] ?? 0;
    for (let at = this.#start[term] ?? 0; at < to && count < limit; at++) {
      count += visible[this.#rows[at]!]!;
    }
    let node = (this.#head[term] ?? 0) - 1;
    while (node >= 0 && count < limit) {
      count += visible[this.#tail[node * 4]!]!;
      node = this.#tail[node * 4 + 2]! - 1;
    }
    return count;
  }

  /**
   * Copies a term's postings into `rows` and `counts` (grown by the caller to `lengthOf`) and returns how many there
   * are; rows that are not set in `visible` are left out. Base rows ascend, tail rows follow.
   */
  read(term: number, visible: Uint8Array, into: PostingList): number {
    let used = 0;
    const from = this.#start[term] ?? 0;
    const to = this.#start[term + 1] ?? from;
    into.reserve(to - from);
    let { rows, counts } = into;
    const base = this.#rows;
    const occurrences = this.#counts;
    for (let at = from; at < to; at++) {
      const row = base[at]!;
      rows[used] = row;
      counts[used] = occurrences[at]!;
      used += visible[row]!;
    }
    const tail = this.#tail;
    for (let node = (this.#head[term] ?? 0) - 1; node >= 0; node = tail[node * 4 + 2]! - 1) {
      const row = tail[node * 4]!;
      if (visible[row] !== 1) continue;
      if (used >= rows.length) {
        into.reserve(used + 1);
        ({ rows, counts } = into);
      }
      rows[used] = row;
      counts[used++] = tail[node * 4 + 1]!;
    }
    into.length = used;
    return used;
  }

  /** Rebuilds the base from the rows' own term lists; rows with an empty list vanish. */
  rebuild(terms: RaggedPool, rowCount: number, termCount: number): void {
    const { data } = terms;
    const start = new Uint32Array(termCount + 2);
    const lastRow = new Int32Array(termCount + 1).fill(-1);
    forEachTerm(terms, data, rowCount, (term, row) => {
      if (lastRow[term] === row) return;
      lastRow[term] = row;
      start[term + 1] = (start[term + 1] ?? 0) + 1;
    });
    for (let term = 0; term <= termCount; term++)
      start[term + 1] = (start[term + 1] ?? 0) + (start[term] ?? 0);
    const rows = new Int32Array(start[termCount + 1] ?? 0);
    const counts = new Uint8Array(rows.length);
    const cursor = start.slice();
    lastRow.fill(-1);
    forEachTerm(terms, data, rowCount, (term, row) => {
      const at = cursor[term] ?? 0;
      if (lastRow[term] === row) {
        counts[at - 1] = Math.min(255, (counts[at - 1] ?? 0) + 1);
        return;
      }
      lastRow[term] = row;
      rows[at] = row;
      counts[at] = 1;
      cursor[term] = at + 1;
    });
    this.#start = start;
    this.#rows = rows;
    this.#counts = counts;
    this.#head = new Int32Array(16);
    this.#tailUsed = 0;
    this.#tail = new Int32Array(16);
  }

  #append(term: number, row: number, count: number): void {
    const node = this.#tailUsed++;
    this.#head = grown(this.#head, term + 1);
    this.#tail = grown(this.#tail, node * 4 + 4);
    this.#tail[node * 4] = row;
    this.#tail[node * 4 + 1] = Math.min(255, count);
    this.#tail[node * 4 + 2] = this.#head[term] ?? 0;
    this.#head[term] = node + 1;
  }
}

/** A reusable list of (row, count). */
export class PostingList {
  rows = new Int32Array(64);
  counts = new Uint8Array(64);
  length = 0;

  reserve(needed: number): void {
    this.rows = grown(this.rows, needed);
    this.counts = grown(this.counts, needed);
  }
}

function forEachTerm(
  terms: RaggedPool,
  data: Int32Array,
  rowCount: number,
  visit: (term: number, row: number) => void,
): void {
  for (let row = 0; row < rowCount; row++) {
    const from = terms.start(row);
    const to = from + terms.count(row);
    for (let at = from; at < to; at++) {
      const term = data[at] ?? 0;
      if (term > 0) visit(term, row);
    }
  }
}
