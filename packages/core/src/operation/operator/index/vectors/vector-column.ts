import { ColumnMemory } from "./column-memory.ts";
import { copyRows, type RowPlaces } from "./copy-rows.ts";
import type { KernelVariant } from "./kernel.ts";
import { maxRows } from "./layout.ts";
import {
  bitmapStart,
  checkDimensions,
  createVectorBytes,
  HEADER_BYTES,
  readBit,
  readHeader,
  setBit,
} from "./vector-bytes.ts";

/** Rows found, best first, with their cosines: both of the same length. */
export interface VectorHits {
  readonly rows: Uint32Array;
  /** Cosines in [-1, 1], up to rounding. */
  readonly scores: Float32Array;
}

/**
 * Rows looked at exactly before the bound decides which others have to be: at least this many ...
 */
const MIN_OVERSAMPLE = 50;
/** ... and this many per wanted row. */
const OVERSAMPLE = 4;
/**
 * Rows copied and prepared at a time when loading: few enough to stay in the processor's cache in
 * between.
 */
const LOAD_ROWS = 128;

/**
 * Vectors of one cube, one per row, with exact cosine search: an int8 scan bounds every row's
 * cosine from above, and all rows whose bound reaches the worst hit are rescored in f64 (the
 * filter-and-refine search of Seidl and Kriegel, "Optimal Multi-Step k-Nearest Neighbor Search",
 * SIGMOD 1998). It holds one WebAssembly memory, freed with it.
 */
export class VectorColumn {
  readonly dimensions: number;
  readonly #memory: ColumnMemory;
  readonly #maxRows: number;
  #rowCount = 0;

  private constructor(dimensions: number, capacityRows: number, variant?: KernelVariant) {
    checkDimensions(dimensions);
    this.#maxRows = maxRows(dimensions);
    checkCount("Capacity", capacityRows, this.#maxRows);
    this.dimensions = dimensions;
    this.#memory = new ColumnMemory(dimensions, capacityRows, variant);
  }

  /**
   * An empty column for vectors of `dimensions` (1 to 8192).
   * @param capacityRows rows to make room for at once; it grows as needed. @default 64
   * @param variant the kernel to run. @default the fastest the machine supports
   * @throws RangeError when a number is out of range
   */
  static create(dimensions: number, capacityRows = 64, variant?: KernelVariant): VectorColumn {
    return new VectorColumn(dimensions, capacityRows, variant);
  }

  /**
   * Reads what `serialize` wrote; the bytes are copied.
   * @throws RangeError when they are cut off, of another version, or hold a vector that is not of
   * unit length
   */
  static deserialize(bytes: Uint8Array, variant?: KernelVariant): VectorColumn {
    const { dimensions, rowCount } = readHeader(bytes);
    const column = new VectorColumn(dimensions, rowCount, variant);
    column.#load(bytes, rowCount);
    return column;
  }

  /** One more than the highest row ever set; a mask of this length covers all rows. */
  get rowCount(): number {
    return this.#rowCount;
  }

  /** Heap bytes held, for a budget: the whole buffer, with the room it still has. */
  get sizeBytes(): number {
    return this.#memory.bytes.byteLength;
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
    const norm = this.#norm(vector);
    if (norm === 0) return this.clear(row);
    const memory = this.#memory;
    memory.reserve(row + 1);
    writeScaled(memory.floats, memory.rowAddress(row) / 4, vector, 1 / norm);
    memory.bytes[memory.layout.address.alive + row] = 1;
    memory.kernel.quantise(row, 1);
    this.#rowCount = Math.max(this.#rowCount, row + 1);
  }

  /** Empties a row and overwrites what it held with zeros. Nothing happens when it is empty. */
  clear(row: number): void {
    if (this.has(row)) this.#memory.kernel.clear(row);
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
    const count = this.#setQuery(query) ? this.#search(limit, allowed) : 0;
    const { floats, words, layout } = this.#memory;
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
    if (!this.#setQuery(query)) return scores;
    const { floats, words, layout, kernel } = this.#memory;
    const { hitRows, hitScores } = layout.address;
    for (let start = 0; start < rows.length; start += layout.capacity) {
      const some = rows.subarray(start, start + layout.capacity);
      // Row 0 stands in for the empty ones, whose score stays 0.
      const living = some.map((row) => (this.has(row) ? row : 0));
      words.set(living, hitRows / 4);
      kernel.similarities(some.length);
      for (const [index, row] of some.entries()) {
        if (this.has(row)) scores[start + index] = floats[hitScores / 4 + index] as number;
      }
    }
    return scores;
  }

  /** The column as bytes, see `VectorBytesHeader`; the int8 codes are not part of it. */
  serialize(): Uint8Array {
    const header = { dimensions: this.dimensions, rowCount: this.#rowCount };
    const bytes = createVectorBytes(header);
    const rowBytes = this.dimensions * 4;
    copyRows(
      this.#places(0),
      { bytes, start: HEADER_BYTES, step: rowBytes },
      rowBytes,
      this.#rowCount,
    );
    const bitmap = bitmapStart(header);
    for (let row = 0; row < this.#rowCount; row++) if (this.has(row)) setBit(bytes, bitmap, row);
    return bytes;
  }

  #load(bytes: Uint8Array, rowCount: number): void {
    const { bytes: target, layout, kernel } = this.#memory;
    const rowBytes = this.dimensions * 4;
    const bitmap = bitmapStart({ dimensions: this.dimensions, rowCount });
    for (let first = 0; first < rowCount; first += LOAD_ROWS) {
      const count = Math.min(LOAD_ROWS, rowCount - first);
      const stored = { bytes, start: HEADER_BYTES + first * rowBytes, step: rowBytes };
      copyRows(stored, this.#places(first), rowBytes, count);
      for (let row = first; row < first + count; row++) {
        if (readBit(bytes, bitmap, row)) target[layout.address.alive + row] = 1;
        else kernel.clear(row);
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
    const oversample = Math.min(Math.max(MIN_OVERSAMPLE, OVERSAMPLE * wanted), this.#rowCount);
    return kernel.search(this.#rowCount, wanted, oversample, allowed !== undefined);
  }

  /** Puts the query in place, of unit length; false for the zero vector. */
  #setQuery(query: Float32Array): boolean {
    const norm = this.#norm(query);
    if (norm === 0) return false;
    const { floats, layout } = this.#memory;
    writeScaled(floats, layout.address.query / 4, query, 1 / norm);
    return true;
  }

  /** Length of a vector; a `RangeError` when it is not one of this column's. */
  #norm(vector: Float32Array): number {
    if (vector.length !== this.dimensions) {
      throw new RangeError(`Vector of ${vector.length} elements, not of ${this.dimensions}`);
    }
    let squares = 0;
    for (let index = 0; index < vector.length; index++) squares += (vector[index] as number) ** 2;
    // The sum of at most 8192 squares of f32 values stays finite in f64.
    if (!Number.isFinite(squares))
      throw new RangeError("Vector with an element that is not finite");
    return Math.sqrt(squares);
  }

  /** Where the rows from `first` on lie. */
  #places(first: number): RowPlaces {
    const { bytes, layout } = this.#memory;
    return { bytes, start: this.#memory.rowAddress(first), step: layout.stride * 4 };
  }
}

function writeScaled(
  target: Float32Array,
  start: number,
  vector: Float32Array,
  factor: number,
): void {
  for (let index = 0; index < vector.length; index++) {
    target[start + index] = (vector[index] as number) * factor;
  }
}

function checkCount(name: string, value: number, most: number): void {
  if (!Number.isInteger(value) || value < 0 || value > most) {
    throw new RangeError(`${name} must be a whole number from 0 to ${most}, not ${value}`);
  }
}
