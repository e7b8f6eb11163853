/** First byte of a page that holds rows of a table (https://sqlite.org/fileformat2.html, section 1.6). */
const TABLE_LEAF = 0x0d;
const TABLE_INTERIOR = 0x05;

const LEAF_HEADER_BYTES = 8;
const INTERIOR_HEADER_BYTES = 12;

/**
 * Bytes at the low end of a gap that may stay, where a grown row does not always reach: the longest row of
 * a page is 35 bytes shorter than the page. What stands there are pointers to rows that are gone.
 */
const TOLERATED_BYTES = { oneRow: 24, moreRows: 8 };

/** A row on a leaf page. */
export interface LeafCell {
  readonly rowid: number;
  /** Bytes of the whole row, overflow pages included. */
  readonly payloadBytes: number;
}

export interface LeafPage {
  readonly cells: readonly LeafCell[];
  /** Bytes in which the page has room: the gap, free blocks and fragments. */
  readonly freeBytes: number;
}

/** Whether the page is a leaf of a table in whose gap, below the rows, there is more than zeros. */
export function isDirtyLeaf(page: Uint8Array): boolean {
  const gap = gapOf(viewOf(page));
  if (gap === undefined) return false;
  const { oneRow, moreRows } = TOLERATED_BYTES;
  for (let at = gap.start + (gap.rows === 1 ? oneRow : moreRows); at < gap.end; at += 1) {
    if (page[at] !== 0) return true;
  }
  return false;
}

/** Reads a page as a leaf of a table; `undefined` when it is none. */
export function readLeaf(page: Uint8Array): LeafPage | undefined {
  const view = viewOf(page);
  const gap = gapOf(view);
  if (gap === undefined) return undefined;
  return {
    cells: Array.from({ length: gap.rows }, (_, index) =>
      cellAt(page, view.getUint16(LEAF_HEADER_BYTES + 2 * index)),
    ),
    freeBytes: gap.end - gap.start + freeBlockBytes(view) + view.getUint8(7),
  };
}

/** Where a leaf's pointers to its rows end and its rows begin. */
function gapOf(view: DataView): { rows: number; start: number; end: number } | undefined {
  if (view.getUint8(0) !== TABLE_LEAF) return undefined;
  const rows = view.getUint16(3);
  const start = LEAF_HEADER_BYTES + 2 * rows;
  const end = view.getUint16(5) || 65_536;
  return start <= end && end <= view.byteLength ? { rows, start, end } : undefined;
}

function viewOf(page: Uint8Array): DataView {
  return new DataView(page.buffer, page.byteOffset, page.byteLength);
}

/** Pages below a page that leads to others; `undefined` when it is a leaf. */
export function childrenOf(page: Uint8Array): number[] | undefined {
  const view = viewOf(page);
  if (view.getUint8(0) !== TABLE_INTERIOR) return undefined;
  const count = view.getUint16(3);
  if (INTERIOR_HEADER_BYTES + 2 * count > page.byteLength) return [];
  const children = Array.from({ length: count }, (_, index) => {
    const offset = view.getUint16(INTERIOR_HEADER_BYTES + 2 * index);
    return offset + 4 <= page.byteLength ? view.getUint32(offset) : 0;
  });
  return [...children, view.getUint32(8)];
}

function freeBlockBytes(view: DataView): number {
  let bytes = 0;
  let block = view.getUint16(1);
  // Blocks rise along the chain; a page that says otherwise is being written at the moment.
  for (
    let before = 0;
    block > before && block + 4 <= view.byteLength;
    block = view.getUint16(block)
  ) {
    bytes += view.getUint16(block + 2);
    before = block;
  }
  return bytes;
}

function cellAt(page: Uint8Array, offset: number): LeafCell {
  const payload = readVarint(page, offset);
  return { payloadBytes: payload.value, rowid: readVarint(page, payload.end).value };
}

/** SQLite's variable-length integer; beyond 2^53 it is of no use here. */
function readVarint(page: Uint8Array, start: number): { value: number; end: number } {
  let value = 0;
  for (let index = 0; index < 8; index += 1) {
    const byte = page[start + index] ?? 0;
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, end: start + index + 1 };
  }
  return { value: value * 256 + (page[start + 8] ?? 0), end: start + 9 };
}
