import { type LayerRows, STATE_MAGIC, STATE_VERSION } from "./state-file.ts";

/** Rows of a stretch of tokens: a page, or a whole file. */
export interface StateRows {
  readonly tokens: Int32Array;
  readonly layers: readonly LayerRows[];
  /** The stretch's key rows, one entry per layer. */
  readonly keys: readonly Uint8Array[];
  readonly values: readonly Uint8Array[];
}

export interface StatePlace {
  /** Sequences of the context that will load it. */
  readonly streams: number;
  /** @default 0 */
  readonly stream?: number;
  /** @default 0 */
  readonly sequence?: number;
}

/**
 * A state file as pieces to be written one after the other. Rows are not copied.
 *
 * @param stretches the tokens in order; all with the same layers
 */
export function stateChunks(
  stretches: readonly StateRows[],
  { streams, stream = 0, sequence = 0 }: StatePlace,
): Uint8Array[] {
  const [first] = stretches;
  if (first === undefined) throw new TypeError("a state of no tokens");
  const count = stretches.reduce((sum, { tokens }) => sum + tokens.length, 0);
  const chunks: Uint8Array[] = [
    ints([STATE_MAGIC, STATE_VERSION, count]),
    ...stretches.map(({ tokens }) => ints(tokens)),
    ints([streams, ...zeros(stream), count]),
    cells(count, sequence),
    ints([0, first.layers.length]),
  ];
  for (const [layer, { keyType, keyRowBytes }] of first.layers.entries()) {
    chunks.push(rowsHead(keyType, keyRowBytes), ...rowsOf(stretches, "keys", layer));
  }
  for (const [layer, { valueType, valueRowBytes }] of first.layers.entries()) {
    chunks.push(rowsHead(valueType, valueRowBytes), ...rowsOf(stretches, "values", layer));
  }
  chunks.push(ints(zeros(streams - stream - 1)));
  return chunks.filter((chunk) => chunk.length > 0);
}

export function sizeOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}

/** Little-endian 32-bit integers. */
export function ints(values: readonly number[] | Int32Array): Buffer {
  const bytes = Buffer.allocUnsafe(values.length * 4);
  let at = 0;
  for (const value of values) at = bytes.writeInt32LE(value | 0, at);
  return bytes;
}

function rowsOf(
  stretches: readonly StateRows[],
  which: "keys" | "values",
  layer: number,
): Uint8Array[] {
  return stretches.flatMap((each) => each[which][layer] ?? []);
}

function zeros(length: number): number[] {
  return Array.from({ length }, () => 0);
}

function cells(count: number, sequence: number): Buffer {
  const values = new Int32Array(count * 3);
  for (let cell = 0; cell < count; cell += 1) values.set([cell, 1, sequence], cell * 3);
  return ints(values);
}

function rowsHead(type: number, rowBytes: number): Buffer {
  const bytes = Buffer.allocUnsafe(12);
  bytes.writeInt32LE(type, 0);
  bytes.writeBigUInt64LE(BigInt(rowBytes), 4);
  return bytes;
}
