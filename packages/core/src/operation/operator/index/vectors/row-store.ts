/** 2^6 rows are one chunk: little for a small cube, few chunks for a large one. */
const CHUNK_BITS = 6;
const CHUNK_ROWS = 1 << CHUNK_BITS;

/**
 * The vectors of a column, of unit length: those it was loaded with in the bytes they came in, all
 * later rows in chunks, so that nothing is moved when it grows. Rows that were never written to
 * take no room unless others of their chunk were.
 */
export class RowStore {
  readonly #dimensions: number;
  readonly #base: Float32Array;
  readonly #baseRows: number;
  readonly #chunks: (Float32Array | undefined)[] = [];
  #chunkCount = 0;

  /** @param base rows from 0 on, without gaps; the store takes them over and writes to them. */
  constructor(dimensions: number, base: Float32Array) {
    this.#dimensions = dimensions;
    this.#base = base;
    this.#baseRows = base.length / dimensions;
  }

  /** Bytes held. */
  get sizeBytes(): number {
    return this.#base.byteLength + this.#chunkCount * CHUNK_ROWS * this.#dimensions * 4;
  }

  /** A view of a row's elements, to read or to write; zeros in a row that was never written to. */
  at(row: number): Float32Array {
    const beyond = row - this.#baseRows;
    const rows = beyond < 0 ? this.#base : this.#chunk(beyond >> CHUNK_BITS);
    const start = (beyond < 0 ? row : beyond & (CHUNK_ROWS - 1)) * this.#dimensions;
    return rows.subarray(start, start + this.#dimensions);
  }

  /** Writes the first rows to `target`, one after the other, as many as it holds. */
  copyTo(target: Float32Array): void {
    target.set(this.#base.subarray(0, target.length));
    const chunkLength = CHUNK_ROWS * this.#dimensions;
    for (const [index, chunk] of this.#chunks.entries()) {
      const start = this.#base.length + index * chunkLength;
      if (chunk && start < target.length)
        target.set(chunk.subarray(0, target.length - start), start);
    }
  }

  #chunk(index: number): Float32Array {
    let chunk = this.#chunks[index];
    if (chunk === undefined) {
      chunk = new Float32Array(CHUNK_ROWS * this.#dimensions);
      this.#chunks[index] = chunk;
      this.#chunkCount++;
    }
    return chunk;
  }
}
