/** Whether a row comes before another of the same score. */
export type Precedes = (row: number, other: number) => boolean;

/**
 * The `limit` best rows, best first, by a binary heap with the worst on top. `precedes(a, b)` orders rows of the same
 * score, so that the outcome is the same whatever the order of the candidates.
 */
export function topRows(
  candidates: Int32Array,
  count: number,
  score: Float64Array,
  limit: number,
  precedes: Precedes,
): number[] {
  const heap: number[] = [];
  const worse = (row: number, other: number): boolean => {
    const difference = (score[row] ?? 0) - (score[other] ?? 0);
    return difference === 0 ? precedes(other, row) : difference < 0;
  };
  // From the end: rows that came last are mostly the later ones, which precede others of the same score; seen first, they
  // keep those out at the cost of one comparison each.
  for (let at = count - 1; at >= 0; at--) {
    const row = candidates[at] ?? 0;
    if ((score[row] ?? 0) <= 0) continue;
    if (heap.length < limit) {
      heap.push(row);
      siftUp(heap, worse);
    } else if (limit > 0 && worse(heap[0] ?? 0, row)) {
      heap[0] = row;
      siftDown(heap, worse);
    }
  }
  return heap.sort((row, other) => (row === other ? 0 : worse(row, other) ? 1 : -1));
}

type Order = (row: number, other: number) => boolean;

function siftUp(heap: number[], worse: Order): void {
  let at = heap.length - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!worse(heap[at] ?? 0, heap[parent] ?? 0)) return;
    swap(heap, at, parent);
    at = parent;
  }
}

function siftDown(heap: number[], worse: Order): void {
  let at = 0;
  for (;;) {
    const left = 2 * at + 1;
    if (left >= heap.length) return;
    const right = left + 1;
    const child = right < heap.length && worse(heap[right] ?? 0, heap[left] ?? 0) ? right : left;
    if (!worse(heap[child] ?? 0, heap[at] ?? 0)) return;
    swap(heap, at, child);
    at = child;
  }
}

function swap(heap: number[], one: number, other: number): void {
  const row = heap[one] ?? 0;
  heap[one] = heap[other] ?? 0;
  heap[other] = row;
}
