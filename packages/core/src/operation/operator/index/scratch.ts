import { grown } from "./growable.ts";
import { PostingList } from "./postings.ts";

/** Counts are kept in eighths of an occurrence, so that a related word can count less than a whole one. */
export const COUNT_UNIT = 8;

/** Dense accumulators that one search after the other uses; all zero between searches. */
export class Scratch {
  /** How often row r has slot s, in eighths: counts[r * slots + s]. */
  counts = new Uint8Array(0);
  /** Words-only score of a row without neighbours, to choose candidates by. */
  rough = new Float64Array(0);
  /** Score per row by words, later relative to the best. */
  score = new Float64Array(0);
  /** What rows are ranked by. */
  final = new Float64Array(0);
  /** 1 for rows in `candidates`. */
  marked = new Uint8Array(0);
  /** Of the score by words, what comes from neighbours' words; relative to the best score like it. */
  borrowed = new Float64Array(0);
  /** Score by words alone, relative to the best. */
  words = new Float64Array(0);
  /** What the row has of its own: words and vector, no neighbours, session or stretch. */
  own = new Float64Array(0);
  /** Rows that have any count. */
  touched = new Int32Array(0);
  touchedCount = 0;
  /** What touched rows are chosen by, see `selectBest`. */
  keys = new Float64Array(0);
  candidates = new Int32Array(0);
  candidateCount = 0;
  /** How often session s has slot t: sessionCounts[s * slots + t], in occurrences. */
  sessionCounts = new Float32Array(0);
  /** One list of postings per slot. */
  readonly lists: PostingList[] = [];

  get sizeBytes(): number {
    return (
      this.counts.byteLength +
      this.rough.byteLength * 3.5 +
      this.score.byteLength * 5 +
      this.marked.byteLength +
      this.sessionCounts.byteLength
    );
  }

  reserve(rows: number, slots: number, sessions: number): void {
    this.counts = grown(this.counts, rows * slots);
    this.rough = grown(this.rough, rows);
    this.score = grown(this.score, rows);
    this.final = grown(this.final, rows);
    this.marked = grown(this.marked, rows);
    this.borrowed = grown(this.borrowed, rows);
    this.words = grown(this.words, rows);
    this.own = grown(this.own, rows);
    this.touched = grown(this.touched, rows);
    this.keys = grown(this.keys, rows);
    this.candidates = grown(this.candidates, rows);
    this.sessionCounts = grown(this.sessionCounts, sessions * slots);
    while (this.lists.length < slots) this.lists.push(new PostingList());
  }

  touch(row: number): void {
    this.touched[this.touchedCount++] = row;
  }

  nominate(row: number): void {
    if (this.marked[row] === 1) return;
    this.marked[row] = 1;
    this.candidates[this.candidateCount++] = row;
  }

  /** Back to all zero, at a cost of what was used. */
  clear(slots: number, sessions: number): void {
    for (let slot = 0; slot < slots; slot++) {
      const { rows, length } = this.lists[slot] ?? { rows: NO_ROWS, length: 0 };
      for (let at = 0; at < length; at++) {
        const row = rows[at]!;
        this.counts[row * slots + slot] = 0;
        this.rough[row] = 0;
      }
    }
    for (let at = 0; at < this.candidateCount; at++) {
      const row = this.candidates[at]!;
      this.marked[row] = 0;
      this.score[row] = 0;
      this.final[row] = 0;
      this.borrowed[row] = 0;
      this.words[row] = 0;
      this.own[row] = 0;
    }
    this.sessionCounts.fill(0, 0, sessions * slots);
    this.touchedCount = 0;
    this.candidateCount = 0;
  }
}

const NO_ROWS = new Int32Array(0);
