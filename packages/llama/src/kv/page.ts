import { ints, type StateRows } from "./state-chunks.ts";
import type { LayerRows, StateFile } from "./state-file.ts";
import { PAGE_TOKENS } from "./types.ts";

/** "MCKV", then a version of the format. */
const MAGIC = 0x56_4b_43_4d;
const VERSION = 1;
const HEAD_INTS = 5;
const LAYER_INTS = 4;
const MAX_LAYERS = 1_024;
const MAX_ROW_BYTES = 1 << 20;

/**
 * The state of one stretch of {@link PAGE_TOKENS} tokens, as bytes:
 *
 * ```
 * u32 magic  u32 version  u32 position  u32 tokens  u32 layers
 * layers x { u32 keyType, u32 keyRowBytes, u32 valueType, u32 valueRowBytes }
 * i32 token[tokens]
 * layers x { tokens x key row, tokens x value row }
 * ```
 *
 * Rows are those of the state file, so two files with the same first tokens have the same pages.
 */
export interface KvPage extends StateRows {
  /** Place of its first token in the sequence. */
  readonly position: number;
  readonly bytes: Uint8Array;
}

/** The pages of a state file, without the last stretch that is no whole page. */
export function* pagesOf(
  state: StateFile,
  file: Uint8Array,
  fromPage = 0,
): Generator<KvPage, void, undefined> {
  const count = Math.floor(state.tokens.length / PAGE_TOKENS);
  for (let page = fromPage; page < count; page += 1) {
    const position = page * PAGE_TOKENS;
    const rows = (offset: number, rowBytes: number) =>
      file.subarray(offset + position * rowBytes, offset + (position + PAGE_TOKENS) * rowBytes);
    const bytes = Buffer.concat([
      head(position, state),
      ...state.layers.flatMap(({ keyOffset, keyRowBytes, valueOffset, valueRowBytes }) => [
        rows(keyOffset, keyRowBytes),
        rows(valueOffset, valueRowBytes),
      ]),
    ]);
    const decoded = decodePage(bytes);
    if (decoded === undefined) throw new TypeError("a page that does not read back");
    yield decoded;
  }
}

function head(position: number, { layers, tokens }: StateFile): Buffer {
  return ints([
    MAGIC,
    VERSION,
    position,
    PAGE_TOKENS,
    layers.length,
    ...layers.flatMap((each) => [
      each.keyType,
      each.keyRowBytes,
      each.valueType,
      each.valueRowBytes,
    ]),
    ...tokens.subarray(position, position + PAGE_TOKENS),
  ]);
}

/** Whether the bytes begin as a page of another version of the format does. */
export function isOtherFormat(bytes: Uint8Array): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return (
    buffer.length >= 8 && buffer.readUInt32LE(0) === MAGIC && buffer.readUInt32LE(4) !== VERSION
  );
}

/** Reads a page without copying its rows; `undefined` when the bytes are none. */
export function decodePage(bytes: Uint8Array): KvPage | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < HEAD_INTS * 4) return undefined;
  const int = (at: number) => buffer.readUInt32LE(at * 4);
  const [magic, version, position, count, layerCount] = [int(0), int(1), int(2), int(3), int(4)];
  if (magic !== MAGIC || version !== VERSION || count !== PAGE_TOKENS) return undefined;
  if (position % PAGE_TOKENS !== 0 || layerCount < 1 || layerCount > MAX_LAYERS) return undefined;
  const headInts = HEAD_INTS + layerCount * LAYER_INTS;
  if (buffer.length < (headInts + count) * 4) return undefined;
  const layers: LayerRows[] = [];
  const keys: Uint8Array[] = [];
  const values: Uint8Array[] = [];
  let offset = (headInts + count) * 4;
  for (let layer = 0; layer < layerCount; layer += 1) {
    const at = HEAD_INTS + layer * LAYER_INTS;
    const rows = {
      keyType: int(at),
      keyRowBytes: int(at + 1),
      valueType: int(at + 2),
      valueRowBytes: int(at + 3),
    };
    if (!isRowSize(rows.keyRowBytes) || !isRowSize(rows.valueRowBytes)) return undefined;
    layers.push(rows);
    const middle = offset + rows.keyRowBytes * count;
    keys.push(buffer.subarray(offset, middle));
    offset = middle + rows.valueRowBytes * count;
    values.push(buffer.subarray(middle, offset));
  }
  if (offset !== buffer.length) return undefined;
  const tokens = new Int32Array(count);
  for (let at = 0; at < count; at += 1) tokens[at] = buffer.readInt32LE((headInts + at) * 4);
  return {
    position,
    tokens,
    layers,
    bytes,
    keys,
    values,
  };
}

function isRowSize(bytes: number): boolean {
  return bytes >= 1 && bytes <= MAX_ROW_BYTES;
}

/** Whether two pages can stand in one state. */
export function sameLayers(a: readonly LayerRows[], b: readonly LayerRows[]): boolean {
  return (
    a.length === b.length &&
    a.every((rows, layer) => {
      const other = b[layer];
      return (
        other !== undefined &&
        rows.keyType === other.keyType &&
        rows.keyRowBytes === other.keyRowBytes &&
        rows.valueType === other.valueType &&
        rows.valueRowBytes === other.valueRowBytes
      );
    })
  );
}
