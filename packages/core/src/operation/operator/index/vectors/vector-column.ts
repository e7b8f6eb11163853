import { createKernel, createKernelOf, type KernelVariant, type VectorKernel } from "./kernel.ts";
import {
  type ColumnLayout,
  columnLayout,
  maxRows,
  type Region,
  regionBytes,
  STATE_REGIONS,
} from "./layout.ts";
import {
  checkDimensions,
  HEADER_BYTES,
  readHeader,
  vectorBytesLength,
  writeHeader,
} from "./vector-bytes.ts";

/** Rows found, best first, with their cosines: both of the same length. */
export interface VectorHits {
  readonly rows: Uint32Array;
  /** Cosine in [-1, 1] up to rounding. */
  readonly scores: Float32Array;
}

/** Rows looked at exactly before the bound decides which others have to be: at least this many ... */
const MIN_OVERSAMPLE = 50;
/** ... and this many per wanted row. */
const OVERSAMPLE = 4;
/** A full column grows by this factor, so that adding n rows moves each about twice. */
const GROWTH = 1.5;
/** Rows prepared per call while loading: short calls let the engine swap in its optimised code early. */
const QUANTISE_ROWS = 256;

/**
 * Vectors of one cube, one per row, with exact cosine search: an int8 scan bounds every row's cosine, and all rows
 * whose bound reaches the worst hit are rescored in f32 (a filter-and-refine search after Seidl and Kriegel,
 * "Optimal Multi-Step k-Nearest Neighbor Search", SIGMOD 1998). It holds one WebAssembly memory, freed with it.
 */
export class VectorColumn {
  readonly dimensions: number;
  readonly #kernel: VectorKernel;
  #layout: ColumnLayout;
  #rowCount = 0;
  #bytes: Uint8Array;
  #floats: Float32Array;
  #words: Uint32Array;

  private constructor(dimensions: number, capacityRows: number, variant?: KernelVariant) {
    checkDimensions(dimensions);
    checkRow(capacityRows, maxRows(dimensions) + 1);
    this.dimensions = dimensions;
    this.#layout = columnLayout(dimensions, capacityRows);
    this.#kernel = variant ? createKernelOf(variant, this.#layout) : createKernel(this.#layout);
    this.#bytes = new Uint8Array(this.#kernel.buffer);
    this.#floats = new Float32Array(this.#kernel.buffer);
    this.#words = new Uint32Array(this.#kernel.buffer);
  }

  /**
   * An empty column for vectors of `dimensions` (1 to 8192).
   * @param capacityRows rows to make room for at once; it grows as needed. @default 64
   * @param variant the kernel to run; left out, the fastest the machine supports
   * @throws RangeError when a number is out of range
   */
  static create(dimensions: number, capacityRows = 64, variant?: KernelVariant): VectorColumn {
    return new VectorColumn(dimensions, capacityRows, variant);
  }

  /**
   * Reads what `serialize` wrote; the bytes are copied.
   * @throws RangeError when they are cut off, of another version, or hold a vector that is not of unit length
   */
  static deserialize(bytes: Uint8Array, variant?: KernelVariant): VectorColumn {
    const { dimensions, rowCount } = readHeader(bytes);
    const column = new VectorColumn(dimensions, rowCount, variant);
    column.#load(bytes, rowCount);
    return column;
  }

  /** One more than the highest row ever set; masks have this length. */
  get rowCount(): number {
    return this.#rowCount;
  }

  /** Heap bytes held, for a budget: the buffer with the room it still has. */
  get sizeBytes(): number {
    return this.#kernel.buffer.byteLength;
  }

  /** Which kernel runs the searches. */
  get variant(): KernelVariant {
    return this.#kernel.variant;
  }

  /**
   * Puts a vector in a row, in place of what was there. It is copied and brought to unit length; the zero vector
   * has no direction and clears the row. Rows may be set in any order, but the column takes room for all below.
   * @throws RangeError when the length is not `dimensions`, an element is not finite, or the row is out of range
   */
  set(row: number, vector: Float32Array): void {
    checkRow(row, maxRows(this.dimensions));
    const inverseNorm = 1 / this.#norm(vector);
    if (inverseNorm === Infinity) return this.clear(row);
    this.#reserve(row + 1);
    this.#rowCount = Math.max(this.#rowCount, row + 1);
    this.#write(this.#rowAddress(row), vector, inverseNorm);
    this.#bytes[this.#layout.address.alive + row] = 1;
    this.#kernel.quantise(row, 1);
  }

  /** Empties a row and overwrites what it held with zeros. Nothing happens when it is empty. */
  clear(row: number): void {
    if (!this.has(row)) return;
    const { address, stride } = this.#layout;
    this.#bytes[address.alive + row] = 0;
    this.#bytes.fill(0, this.#rowAddress(row), this.#rowAddress(row + 1));
    this.#bytes.fill(0, address.codes + row * stride, address.codes + (row + 1) * stride);
  }

  /** Whether the row holds a vector. */
  has(row: number): boolean {
    return row >= 0 && row < this.#rowCount && this.#bytes[this.#layout.address.alive + row] === 1;
  }

  /**
   * The exact `limit` rows with the highest cosine, best first, rows of equal score in order of row. Fewer when
   * fewer are there; none for the zero vector, which has no direction. Changes nothing.
   * @param allowed a byte per row, 1 = may be found; rows past its end may not. Left out, every row may.
   * @throws RangeError when the query's length is not `dimensions`, an element is not finite, or the limit is negative
   */
  search(query: Float32Array, limit: number, allowed?: Uint8Array): VectorHits {
    checkRow(limit, Infinity);
    const count = this.#setQuery(query) ? this.#search(Math.min(limit, this.#rowCount), allowed) : 0;
    const { hitRows, hitScores } = this.#layout.address;
    return {
      rows: this.#words.slice(hitRows / 4, hitRows / 4 + count),
      scores: this.#floats.slice(hitScores / 4, hitScores / 4 + count),
    };
  }

  /**
   * Cosines of the given rows with the query, in the order given; 0 for an empty row or the zero vector.
   * Changes nothing.
   * @throws RangeError when the query's length is not `dimensions` or an element is not finite
   */
  similarity(query: Float32Array, rows: Uint32Array): Float32Array {
    const scores = new Float32Array(rows.length);
    if (!this.#setQuery(query)) return scores;
    const { address, capacity } = this.#layout;
    for (let start = 0; start < rows.length; start += capacity) {
      const some = rows.subarray(start, start + capacity);
      // An empty row holds zeros, and row 0 stands in for one that does not exist.
      this.#words.set(
        some.map((row) => (row < this.#rowCount ? row : 0)),
        address.hitRows / 4,
      );
      this.#kernel.similarities(some.length);
      for (const [index, row] of some.entries()) {
        if (this.has(row)) scores[start + index] = this.#floats[address.hitScores / 4 + index]!;
      }
    }
    return scores;
  }

  /** The column as bytes, see `VectorBytesHeader`; the int8 codes are not part of it. */
  serialize(): Uint8Array {
    const header = { dimensions: this.dimensions, rowCount: this.#rowCount };
    const bytes = new Uint8Array(vectorBytesLength(header));
    writeHeader(bytes, header);
    const rowBytes = this.dimensions * 4;
    const bitmap = HEADER_BYTES + this.#rowCount * rowBytes;
    for (let row = 0; row < this.#rowCount; row++) {
      const address = this.#rowAddress(row);
      bytes.set(this.#bytes.subarray(address, address + rowBytes), HEADER_BYTES + row * rowBytes);
      if (this.has(row)) bytes[bitmap + (row >> 3)]! |= 1 << (row & 7);
    }
    return bytes;
  }

  #load(bytes: Uint8Array, rowCount: number): void {
    const rowBytes = this.dimensions * 4;
    const bitmap = HEADER_BYTES + rowCount * rowBytes;
    for (let first = 0; first < rowCount; first += QUANTISE_ROWS) {
      const end = Math.min(first + QUANTISE_ROWS, rowCount);
      for (let row = first; row < end; row++) {
        if (((bytes[bitmap + (row >> 3)]! >> (row & 7)) & 1) === 0) continue;
        const start = HEADER_BYTES + row * rowBytes;
        this.#bytes.set(bytes.subarray(start, start + rowBytes), this.#rowAddress(row));
        this.#bytes[this.#layout.address.alive + row] = 1;
      }
      const damaged = this.#kernel.quantise(first, end - first);
      if (damaged >= 0) throw new RangeError(`Vector column: row ${damaged} is not of unit length`);
    }
    this.#rowCount = rowCount;
  }

  #search(limit: number, allowed: Uint8Array | undefined): number {
    if (limit === 0) return 0;
    if (allowed) {
      const start = this.#layout.address.allowed;
      const given = allowed.subarray(0, this.#rowCount);
      this.#bytes.set(given, start);
      this.#bytes.fill(0, start + given.length, start + this.#layout.capacity);
    }
    const oversample = Math.min(Math.max(MIN_OVERSAMPLE, OVERSAMPLE * limit), this.#rowCount);
    return this.#kernel.search(this.#rowCount, limit, oversample, allowed !== undefined);
  }

  /** Puts the query in place, of unit length; false for the zero vector. */
  #setQuery(query: Float32Array): boolean {
    const norm = this.#norm(query);
    if (norm > 0) this.#write(this.#layout.address.query, query, 1 / norm);
    return norm > 0;
  }

  /** Length of a vector; a `RangeError` when it is not one of this column's. */
  #norm(vector: Float32Array): number {
    if (vector.length !== this.dimensions) {
      throw new RangeError(`Vector of ${vector.length} elements where ${this.dimensions} were expected`);
    }
    let squares = 0;
    for (let index = 0; index < vector.length; index++) squares += vector[index]! * vector[index]!;
    // The sum of at most 8192 squares of f32 values stays finite in f64.
    if (!Number.isFinite(squares)) throw new RangeError("Vector with an element that is not finite");
    return Math.sqrt(squares);
  }

  #write(address: number, vector: Float32Array, factor: number): void {
    const start = address / 4;
    for (let index = 0; index < vector.length; index++) {
      this.#floats[start + index] = vector[index]! * factor;
    }
  }

  #rowAddress(row: number): number {
    return this.#layout.address.rows + row * this.#layout.stride * 4;
  }

  /** Makes room for `rows` rows: the buffer grows, and the regions move up to where they now belong. */
  #reserve(rows: number): void {
    const old = this.#layout;
    if (rows <= old.capacity) return;
    const wanted = Math.min(Math.max(rows, old.capacity * GROWTH), maxRows(this.dimensions));
    const next = columnLayout(this.dimensions, wanted);
    this.#kernel.place(next);
    this.#bytes = new Uint8Array(this.#kernel.buffer);
    this.#floats = new Float32Array(this.#kernel.buffer);
    this.#words = new Uint32Array(this.#kernel.buffer);
    this.#layout = next;
    // From the last to the first, since each moves up and may lie over the old place of those after it.
    for (const region of STATE_REGIONS.toReversed()) this.#move(region, old);
  }

  #move(region: Region, old: ColumnLayout): void {
    const { address, stride, capacity } = this.#layout;
    const from = old.address[region];
    const used = regionBytes(region, stride, old.capacity);
    const end = address[region] + regionBytes(region, stride, capacity);
    this.#bytes.copyWithin(address[region], from, from + used);
    // Past the old size the buffer is fresh, which is to say zero.
    this.#bytes.fill(0, address[region] + used, Math.min(end, Math.max(old.sizeBytes, address[region] + used)));
  }
}

function checkRow(value: number, limit: number): void {
  if (!Number.isInteger(value) || value < 0 || value >= limit) {
    throw new RangeError(`Must be a whole number from 0 to ${limit - 1}, not ${value}`);
  }
}
