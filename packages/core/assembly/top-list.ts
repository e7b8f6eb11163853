/**
 * The best `limit` (score, row) pairs seen so far: a binary heap with the worst pair at the root,
 * so an offer costs O(log limit). A pair is better when its score is higher, or the score is equal
 * and its row lower.
 */
@unmanaged
export class TopList {
  scores: usize;
  rows: usize;
  size: i32;
  limit: i32;

  /** What a score must reach to be taken in. */
  @inline
  get bar(): f32 {
    return this.size < this.limit ? -Infinity : load<f32>(this.scores);
  }

  reset(scores: usize, rows: usize, limit: i32): void {
    this.scores = scores;
    this.rows = rows;
    this.size = 0;
    this.limit = limit;
  }

  offer(score: f32, row: u32): void {
    if (this.size < this.limit) {
      this.rise(this.size++, score, row);
    } else if (this.size > 0 && this.isWorse(0, score, row)) {
      this.sink(this.size, score, row);
    }
  }

  /** Turns the heap into a list, best pair first. */
  sort(): void {
    for (let size = this.size - 1; size > 0; size--) {
      const score = load<f32>(this.scores + ((<usize>size) << 2));
      const row = load<u32>(this.rows + ((<usize>size) << 2));
      this.put(size, load<f32>(this.scores), load<u32>(this.rows));
      this.sink(size, score, row);
    }
  }

  /** Whether the pair at `index` is worse than the given one. */
  @inline
  private isWorse(index: i32, score: f32, row: u32): bool {
    const at = (<usize>index) << 2;
    const own = load<f32>(this.scores + at);
    return own < score || (own == score && load<u32>(this.rows + at) > row);
  }

  /** Whether the pair at `index` is worse than the one at `other`. */
  @inline
  private isWorseThan(index: i32, other: i32): bool {
    const at = (<usize>other) << 2;
    return this.isWorse(index, load<f32>(this.scores + at), load<u32>(this.rows + at));
  }

  @inline
  private put(index: i32, score: f32, row: u32): void {
    const at = (<usize>index) << 2;
    store<f32>(this.scores + at, score);
    store<u32>(this.rows + at, row);
  }

  @inline
  private copy(from: i32, to: i32): void {
    const at = (<usize>from) << 2;
    this.put(to, load<f32>(this.scores + at), load<u32>(this.rows + at));
  }

  /** Puts a pair in at the free place `index`, moving better parents down. */
  private rise(index: i32, score: f32, row: u32): void {
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.isWorse(parent, score, row)) break;
      this.copy(parent, index);
      index = parent;
    }
    this.put(index, score, row);
  }

  /** Puts a pair in at the root of a heap of `size`, moving worse children up. */
  private sink(size: i32, score: f32, row: u32): void {
    let index = 0;
    for (let child = 1; child < size; child = 2 * index + 1) {
      if (child + 1 < size && this.isWorseThan(child + 1, child)) child++;
      if (!this.isWorse(child, score, row)) break;
      this.copy(child, index);
      index = child;
    }
    this.put(index, score, row);
  }
}
