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
    } else if (isWorse(this.#heap[0]!, score, row)) {
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
      if (!isWorse(heap[index]!, heap[parent]!.score, heap[parent]!.row)) return;
      [heap[index], heap[parent]] = [heap[parent]!, heap[index]!];
      index = parent;
    }
  }

  #sink(): void {
    const heap = this.#heap;
    for (let index = 0, child = 1; child < heap.length; child = 2 * index + 1) {
      const right = heap[child + 1];
      if (right && isWorse(right, heap[child]!.score, heap[child]!.row)) child++;
      if (!isWorse(heap[child]!, heap[index]!.score, heap[index]!.row)) return;
      [heap[index], heap[child]] = [heap[child]!, heap[index]!];
      index = child;
    }
  }
}

function isWorse(pair: ScoredRow, score: number, row: number): boolean {
  return pair.score < score || (pair.score === score && pair.row > row);
}
