/**
 * The stored form of a column, little-endian: magic "MCVC", version, dimensions, row count (u32
 * each), then f32[rowCount x dimensions], then a bit per row (lowest bit first), 1 = the row holds
 * a vector.
 */
export interface VectorBytesHeader {
  readonly dimensions: number;
  readonly rowCount: number;
}

/** Where the rows start. */
const HEADER_BYTES = 16;
/** The most dimensions a vector may have. */
export const MAX_DIMENSIONS = 8192;

const MAGIC = 0x4356_434d;
const VERSION = 1;

/** Where the bits start; the rows end there. */
export function bitmapStart({ dimensions, rowCount }: VectorBytesHeader): number {
  return HEADER_BYTES + rowCount * dimensions * 4;
}

/** The rows where they lie in the bytes; of a copy where they can't be read in place. */
export function rowsIn(bytes: Uint8Array, header: VectorBytesHeader): Float32Array {
  const start = bytes.byteOffset + HEADER_BYTES;
  const length = header.rowCount * header.dimensions;
  if (start % Float32Array.BYTES_PER_ELEMENT === 0) {
    return new Float32Array(bytes.buffer, start, length);
  }
  return new Float32Array(new Uint8Array(bytes.subarray(HEADER_BYTES, bitmapStart(header))).buffer);
}

/** Bytes of the right length with the header written and all else zero. */
export function createVectorBytes(header: VectorBytesHeader): Uint8Array {
  const bytes = new Uint8Array(bytesLength(header));
  const view = new DataView(bytes.buffer);
  for (const [index, word] of [MAGIC, VERSION, header.dimensions, header.rowCount].entries()) {
    view.setUint32(index * 4, word, true);
  }
  return bytes;
}

/**
 * Reads and checks the header. Throws a `RangeError` when the bytes are no column of this version,
 * or are cut off.
 */
export function readHeader(bytes: Uint8Array): VectorBytesHeader {
  if (bytes.length < HEADER_BYTES) throw new RangeError("Not a vector column: too short");
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  if (view.getUint32(0, true) !== MAGIC) throw new RangeError("Not a vector column: wrong magic");
  const version = view.getUint32(4, true);
  if (version !== VERSION) throw new RangeError(`Vector column of unknown version ${version}`);
  const header = { dimensions: view.getUint32(8, true), rowCount: view.getUint32(12, true) };
  checkDimensions(header.dimensions);
  const expected = bytesLength(header);
  if (bytes.length !== expected) {
    throw new RangeError(`Vector column of ${bytes.length} bytes where ${expected} were expected`);
  }
  return header;
}

/** Bit `index` of the bits from byte `start` on. */
export function readBit(bytes: Uint8Array, start: number, index: number): boolean {
  return (((bytes[start + (index >> 3)] as number) >> (index & 7)) & 1) === 1;
}

/** Sets bit `index` of the bits from byte `start` on to 1. */
export function setBit(bytes: Uint8Array, start: number, index: number): void {
  bytes[start + (index >> 3)] = (bytes[start + (index >> 3)] as number) | (1 << (index & 7));
}

/** Throws a `RangeError` unless `dimensions` is a whole number from 1 to `MAX_DIMENSIONS`. */
export function checkDimensions(dimensions: number): void {
  if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > MAX_DIMENSIONS) {
    throw new RangeError(`Dimensions must be from 1 to ${MAX_DIMENSIONS}, not ${dimensions}`);
  }
}

function bytesLength(header: VectorBytesHeader): number {
  return bitmapStart(header) + Math.ceil(header.rowCount / 8);
}
