import { ColumnMemory } from "./column-memory.ts";
import type { KernelVariant } from "./kernel.ts";
import { maxRows } from "./layout.ts";
import { RowStore } from "./row-store.ts";
import {
  bitmapStart,
  checkDimensions,
  createVectorBytes,
  readBit,
  readHeader,
  rowsIn,
  setBit,
} from "./vector-bytes.ts";

/** Rows found, best first, with their cosines: both of the same length. */
export interface VectorHits {
  readonly rows: Uint32Array;
  /** Cosines in [-1, 1], up to rounding. */
  readonly scores: Float32Array;
}

/**
 * Rows looked at exactly in order of bound: as many as are wanted and at least this many. More
 * would cost more to keep in order than the rows cost that are then looked at without need.
 */
const MIN_CANDIDATES = 24;

/**
 * Vectors of one cube, one per row, with exact cosine search: an int8 scan bounds every row's
 * cosine from above, and all rows whose bound reaches the worst hit are rescored in f64 (the
 * filter-and-refine search of Seidl and Kriegel, "Optimal Multi-Step k-Nearest Neighbor Search",
 * SIGMOD 1998). The codes lie in one WebAssembly memory, freed with it; the vectors themselves stay
 * outside, and those that are to be rescored are copied in.
 */
export class VectorColumn {
  readonly dimensions: number;
  readonly #memory: ColumnMemory;
  readonly #rows: RowStore;
  readonly #maxRows: number;
  #rowCount = 0;

  private constructor(
    dimensions: number,
    capacityRows: number,
    { variant, rows }: { variant: KernelVariant | undefined; rows: Float32Array },
  ) {
    checkDimensions(dimensions);
    this.#maxRows = maxRows(dimensions);
    checkCount("Capacity", capacityRows, this.#maxRows);
    this.dimensions = dimensions;
    this.#memory = new ColumnMemory(dimensions, capacityRows, variant);
    this.#rows = new RowStore(dimensions, rows);
  }

  /**
   * An empty column for vectors of `dimensions` (1 to 8192).
   * @param capacityRows rows to make room for at once; it grows as needed. @default 64
   * @param variant the kernel to run. @default the fastest the machine supports
   * @throws RangeError when a number is out of range
   */
  static create(dimensions: number, capacityRows = 64, variant?: KernelVariant): VectorColumn {
    return new VectorColumn(dimensions, capacityRows, { variant, rows: new Float32Array(0) });
  }

  /**
   * Reads what `serialize` wrote. The column takes the bytes over: its vectors stay where they are
   * in them, and later changes of these rows are made there; only vectors that are not at a
   * multiple of 4 bytes are copied. The codes are made anew: stored, they would be a quarter more
   * bytes to read, hash and hold, and could fail to belong to their vectors; so the search is exact
   * whatever the bytes are. That a vector is still the one that was written is for the checksum of
   * the file to say.
   * @throws RangeError when they are cut off, of another version, or hold a vector that is not of
   * unit length
   */
  static deserialize(bytes: Uint8Array, variant?: KernelVariant): VectorColumn {
    const header = readHeader(bytes);
    const rows = rowsIn(bytes, header);
    const column = new VectorColumn(header.dimensions, header.rowCount, { variant, rows });
    column.#load(rows, bytes);
    return column;
  }

  /** One more than the highest row ever set; a mask of this length covers all rows. */
  get rowCount(): number {
    return this.#rowCount;
  }

  /** Bytes held, for a budget: vectors and codes, with the room there still is. */
  get sizeBytes(): number {
    return this.#memory.bytes.byteLength + this.#rows.sizeBytes;
  }

  /** Which kernel runs the searches. */
  get variant(): KernelVariant {
    return this.#memory.kernel.variant;
  }

  /**
   * Puts a vector in a row, in place of what was there. It is copied and brought to unit length;
   * the zero vector has no direction and clears the row. Rows may be set in any order, but the
   * column takes room for all below.
   * @throws RangeError when the length is not `dimensions`, an element is not finite, or the row is
   * out of range
   */
  set(row: number, vector: Float32Array): void {
    checkCount("Row", row, this.#maxRows - 1);
    const memory = this.#memory;
    const { batch } = memory.layout.address;
    if (!this.#place(vector, batch)) return this.clear(row);
    this.#rows.at(row).set(memory.floats.subarray(batch / 4, batch / 4 + this.dimensions));
    // INVARIANT: the batch lies before all that moves here, so the vector is still in it.
    memory.reserve(row + 1);
    memory.bytes[memory.layout.address.alive + row] = 1;
    memory.kernel.quantise(row, 1);
    this.#rowCount = Math.max(this.#rowCount, row + 1);
  }

  /** Empties a row and overwrites what it held with zeros. Nothing happens when it is empty. */
  clear(row: number): void {
    if (!this.has(row)) return;
    this.#rows.at(row).fill(0);
    this.#memory.kernel.clear(row);
  }

  /** Whether the row holds a vector. */
  has(row: number): boolean {
    const { bytes, layout } = this.#memory;
    return row >= 0 && row < this.#rowCount && bytes[layout.address.alive + row] === 1;
  }

  /**
   * The exact `limit` rows with the highest cosine, best first, rows of equal score in order of
   * row. Fewer when fewer are there; none for the zero vector, which has no direction. Changes
   * nothing.
   * @param allowed a byte per row, 1 = may be found; rows past its end may not. Left out, every row
   * may.
   * @throws RangeError when the query's length is not `dimensions`, an element is not finite, or
   * the limit is not a whole number from 0
   */
  search(query: Float32Array, limit: number, allowed?: Uint8Array): VectorHits {
    checkCount("Limit", limit, Number.MAX_SAFE_INTEGER);
    const { floats, words, layout } = this.#memory;
    const isDirected = this.#place(query, layout.address.query);
    const count = isDirected ? this.#search(limit, allowed) : 0;
    const { hitRows, hitScores } = layout.address;
    return {
      rows: words.slice(hitRows / 4, hitRows / 4 + count),
      scores: floats.slice(hitScores / 4, hitScores / 4 + count),
    };
  }

  /**
   * Cosines of the given rows with the query, in the order given; 0 for an empty row and for the
   * zero vector. Changes nothing.
   * @throws RangeError when the query's length is not `dimensions` or an element is not finite
   */
  similarity(query: Float32Array, rows: Uint32Array): Float32Array {
    const scores = new Float32Array(rows.length);
    const { floats, layout, kernel } = this.#memory;
    const { address, batchSize, stride } = layout;
    if (!this.#place(query, address.query)) return scores;
    for (let start = 0; start < rows.length; start += batchSize) {
      const some = rows.subarray(start, start + batchSize);
      for (let slot = 0; slot < some.length; slot++) {
        const row = some[slot] as number;
        if (this.has(row)) floats.set(this.#rows.at(row), address.batch / 4 + slot * stride);
      }
      kernel.similarities(some.length);
      for (let slot = 0; slot < some.length; slot++) {
        // In an empty row's place lies what was there before; its score stays 0.
        if (!this.has(some[slot] as number)) continue;
        scores[start + slot] = floats[address.batchScores / 4 + slot] as number;
      }
    }
    return scores;
  }

  /**
   * The column as bytes, see `VectorBytesHeader`: the same for the same vectors in the same rows.
   * The int8 codes are not part of it.
   */
  serialize(): Uint8Array {
    const header = { dimensions: this.dimensions, rowCount: this.#rowCount };
    const bytes = createVectorBytes(header);
    this.#rows.copyTo(rowsIn(bytes, header));
    const bitmap = bitmapStart(header);
    for (let row = 0; row < this.#rowCount; row++) if (this.has(row)) setBit(bytes, bitmap, row);
    return bytes;
  }

  /** Prepares the rows that the column was made with. */
  #load(rows: Float32Array, bytes: Uint8Array): void {
    const { dimensions } = this;
    const { bytes: own, floats, layout, kernel } = this.#memory;
    const { address, batchSize, stride } = layout;
    const rowCount = rows.length / dimensions;
    const bitmap = bitmapStart({ dimensions, rowCount });
    for (let first = 0; first < rowCount; first += batchSize) {
      const count = Math.min(batchSize, rowCount - first);
      for (let row = first; row < first + count; row++) {
        const isAlive = readBit(bytes, bitmap, row);
        own[address.alive + row] = isAlive ? 1 : 0;
        if (!isAlive) this.#rows.at(row).fill(0);
      }
      // In one piece where the rows lie without gaps on both sides.
      const piece = dimensions === stride ? count : 1;
      for (let slot = 0; slot < count; slot += piece) {
        const start = (first + slot) * dimensions;
        const vectors = rows.subarray(start, start + piece * dimensions);
        floats.set(vectors, address.batch / 4 + slot * stride);
      }
      const damaged = kernel.quantise(first, count);
      if (damaged >= 0) throw new RangeError(`Vector column: row ${damaged} is not of unit length`);
    }
    this.#rowCount = rowCount;
  }

  #search(limit: number, allowed: Uint8Array | undefined): number {
    const { bytes, layout, kernel } = this.#memory;
    const wanted = Math.min(limit, this.#rowCount);
    if (wanted === 0) return 0;
    if (allowed) {
      const start = layout.address.allowed;
      const given = allowed.subarray(0, this.#rowCount);
      bytes.set(given, start);
      bytes.fill(0, start + given.length, start + this.#rowCount);
    }
    const candidates = Math.min(Math.max(MIN_CANDIDATES, wanted), this.#rowCount);
    const options = { rowCount: this.#rowCount, limit: wanted, candidates };
    return kernel.search(this.#rows, { ...options, masked: allowed !== undefined });
  }

  /**
   * Puts a vector at a byte address, of unit length; false for the zero vector. A `RangeError` when
   * it is not one of this column's.
   */
  #place(vector: Float32Array, address: number): boolean {
    if (vector.length !== this.dimensions) {
      throw new RangeError(`Vector of ${vector.length} elements, not of ${this.dimensions}`);
    }
    const { floats, kernel } = this.#memory;
    floats.set(vector, address / 4);
    const squares = kernel.normalise(address);
    // The sum of at most 8192 squares of f32 values stays finite in f64.
    if (!Number.isFinite(squares))
      throw new RangeError("Vector with an element that is not finite");
    return squares > 0;
  }
}

function checkCount(name: string, value: number, most: number): void {
  if (!Number.isInteger(value) || value < 0 || value > most) {
    throw new RangeError(`${name} must be a whole number from 0 to ${most}, not ${value}`);
  }
}
