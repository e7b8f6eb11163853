/** One row with its score. */
export interface ScoredRow {
  readonly score: number;
  readonly row: number;
}

/** The best `limit` of the pairs offered: higher score, or the same score and a lower row. */
export class TopList {
  readonly #limit: number;
  /** Binary heap, the worst pair first. */
  readonly #heap: ScoredRow[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes the pair in if it is among the best so far. */
  offer(score: number, row: number): void {
    if (this.#limit === 0) return;
    if (this.#heap.length < this.#limit) {
      this.#heap.push({ score, row });
      this.#rise(this.#heap.length - 1);
    } else if (isWorse(this.#heap[0] as ScoredRow, score, row)) {
      this.#heap[0] = { score, row };
      this.#sink();
    }
  }

  /** The pairs, best first. */
  sorted(): ScoredRow[] {
    return this.#heap.toSorted((a, b) => b.score - a.score || a.row - b.row);
  }

  #rise(index: number): void {
    const heap = this.#heap;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const [own, above] = [heap[index] as ScoredRow, heap[parent] as ScoredRow];
      if (!isWorse(own, above.score, above.row)) return;
      [heap[index], heap[parent]] = [above, own];
      index = parent;
    }
  }

  #sink(): void {
    const heap = this.#heap;
    for (let index = 0, child = 1; child < heap.length; child = 2 * index + 1) {
      const left = heap[child] as ScoredRow;
      const right = heap[child + 1];
      if (right && isWorse(right, left.score, left.row)) child++;
      const [own, below] = [heap[index] as ScoredRow, heap[child] as ScoredRow];
      if (!isWorse(below, own.score, own.row)) return;
      [heap[index], heap[child]] = [below, own];
      index = child;
    }
  }
}

function isWorse(pair: ScoredRow, score: number, row: number): boolean {
  return pair.score < score || (pair.score === score && pair.row > row);
}
