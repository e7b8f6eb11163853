/**
 * The state file of one llama.cpp sequence: magic `ggsq`, version 3 (llama.cpp v0.5.0,
 * `llama_state_seq_save_file`), little endian:
 *
 * ```
 * u32 magic  u32 version  u32 tokens  i32 token[tokens]
 * u32 streams, and for each: u32 cells (0 where the sequence is not), and once
 *   cells x { i32 position, u32 sequences = 1, i32 sequence }
 *   u32 transposed  u32 layers
 *   layers x { i32 type, u64 rowBytes, cells x key row }
 *   layers x { i32 type, u64 rowBytes, cells x value row }
 * ```
 *
 * llama.cpp asserts while it reads, so a file that is cut short ends the process. This parser refuses
 * every structural defect first; it reads the structure only, so it costs the same for any row size.
 */
export const STATE_MAGIC = 0x67_67_73_71;
export const STATE_VERSION = 3;

/** Bounds against headers that promise more than any model has. */
const MAX_LAYERS = 1_024;
const MAX_STREAMS = 1_024;
const MAX_ROW_BYTES = 1 << 20;
/** `ggml_type` values end well below. */
const MAX_TYPE = 256;
/** A position, how many sequences the cell has, and which. */
const CELL_BYTES = 12;
/** Type and row size before the rows of one layer. */
const ROWS_HEAD_BYTES = 12;

export const STATE_DEFECTS = [
  "truncated",
  "magic",
  "version",
  "no-tokens",
  "streams",
  "several-streams",
  "cells",
  "positions",
  "cell-sequences",
  "transposed",
  "layers",
  "row-type",
  "row-size",
  "trailing-bytes",
] as const;
export type StateDefect = (typeof STATE_DEFECTS)[number];

/** Type and size of the key and value rows of one layer. */
export interface LayerRows {
  /** `ggml_type` of the numbers. */
  readonly keyType: number;
  readonly keyRowBytes: number;
  readonly valueType: number;
  readonly valueRowBytes: number;
}

export interface StateLayer extends LayerRows {
  /** Where in the file the rows begin. */
  readonly keyOffset: number;
  readonly valueOffset: number;
}

export interface StateFile {
  readonly tokens: Int32Array;
  readonly streams: number;
  /** Stream in which the sequence was; the one who loads it does not look at it. */
  readonly stream: number;
  /** Sequence that the cells name; the one who loads it does not look at it. */
  readonly sequence: number;
  readonly layers: readonly StateLayer[];
  readonly sizeBytes: number;
}

export type ParsedState =
  | { readonly ok: true; readonly state: StateFile }
  | { readonly ok: false; readonly defect: StateDefect; readonly offset: number };

/** Bytes at places: a buffer, or a file of which only the structure is read. */
export interface ByteSource {
  readonly sizeBytes: number;
  /** Exactly so many bytes. */
  read(offset: number, length: number): Buffer;
}

export function bufferSource(bytes: Uint8Array): ByteSource {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    sizeBytes: buffer.length,
    read: (offset, length) => buffer.subarray(offset, offset + length),
  };
}

/** Reads the structure of a state file, to the last byte. Never throws over what the bytes say. */
export function parseState(source: ByteSource): ParsedState {
  const reader = new Reader(source);
  try {
    return { ok: true, state: readState(reader) };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { ok: false, defect: error.defect, offset: reader.offset };
  }
}

class Refused extends Error {
  readonly defect: StateDefect;
  constructor(defect: StateDefect) {
    super(defect);
    this.defect = defect;
  }
}

class Reader {
  offset = 0;
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  get left(): number {
    return this.#source.sizeBytes - this.offset;
  }

  take(length: number): Buffer {
    this.skip(length);
    return this.#source.read(this.offset - length, length);
  }

  /** @returns where the skipped bytes begin */
  skip(length: number): number {
    if (length > this.left) throw new Refused("truncated");
    this.offset += length;
    return this.offset - length;
  }

  u32(): number {
    return this.take(4).readUInt32LE(0);
  }
}

function readState(reader: Reader): StateFile {
  if (reader.u32() !== STATE_MAGIC) throw new Refused("magic");
  if (reader.u32() !== STATE_VERSION) throw new Refused("version");
  const count = reader.u32();
  if (count === 0) throw new Refused("no-tokens");
  const tokens = readInts(reader.take(count * 4), count);
  const streams = reader.u32();
  if (streams < 1 || streams > MAX_STREAMS) throw new Refused("streams");
  let found: Omit<StateFile, "tokens" | "streams" | "sizeBytes"> | undefined;
  for (let stream = 0; stream < streams; stream += 1) {
    const cells = reader.u32();
    if (cells === 0) continue;
    if (found !== undefined) throw new Refused("several-streams");
    if (cells !== count) throw new Refused("cells");
    found = { stream, sequence: readCells(reader, count), layers: readLayers(reader, count) };
  }
  if (found === undefined) throw new Refused("cells");
  if (reader.left > 0) throw new Refused("trailing-bytes");
  return { tokens, streams, ...found, sizeBytes: reader.offset };
}

function readInts(bytes: Buffer, count: number): Int32Array {
  const ints = new Int32Array(count);
  for (let at = 0; at < count; at += 1) ints[at] = bytes.readInt32LE(at * 4);
  return ints;
}

/** A prefix holds the positions from 0 on, each once, in one sequence. */
function readCells(reader: Reader, count: number): number {
  const bytes = reader.take(count * CELL_BYTES);
  const sequence = bytes.readInt32LE(8);
  if (sequence < 0) throw new Refused("cell-sequences");
  for (let cell = 0; cell < count; cell += 1) {
    const at = cell * CELL_BYTES;
    if (bytes.readInt32LE(at) !== cell) throw new Refused("positions");
    if (bytes.readUInt32LE(at + 4) !== 1) throw new Refused("cell-sequences");
    if (bytes.readInt32LE(at + 8) !== sequence) throw new Refused("cell-sequences");
  }
  return sequence;
}

function readLayers(reader: Reader, count: number): StateLayer[] {
  // With flash attention off values are stored by column, and a page is no stretch of bytes.
  if (reader.u32() !== 0) throw new Refused("transposed");
  const layers = reader.u32();
  if (layers < 1 || layers > MAX_LAYERS) throw new Refused("layers");
  const keys = Array.from({ length: layers }, () => readRows(reader, count));
  return keys.map((key) => {
    const value = readRows(reader, count);
    return {
      keyType: key.type,
      keyRowBytes: key.rowBytes,
      keyOffset: key.offset,
      valueType: value.type,
      valueRowBytes: value.rowBytes,
      valueOffset: value.offset,
    };
  });
}

function readRows(reader: Reader, count: number) {
  const head = reader.take(ROWS_HEAD_BYTES);
  const type = head.readInt32LE(0);
  if (type < 0 || type >= MAX_TYPE) throw new Refused("row-type");
  const rowBytes = head.readBigUInt64LE(4);
  if (rowBytes < 1n || rowBytes > BigInt(MAX_ROW_BYTES)) throw new Refused("row-size");
  return { type, rowBytes: Number(rowBytes), offset: reader.skip(Number(rowBytes) * count) };
}
