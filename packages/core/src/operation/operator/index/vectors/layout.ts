/**
 * Byte addresses of a column's regions in its one buffer; the fields and their order are those of
 * `Layout` in `packages/core/assembly/layout.ts`, where each is described.
 */
export interface ColumnLayout {
  /** Elements per row: the dimensions rounded up to a multiple of 64. */
  readonly stride: number;
  /** Rows that the kernel looks at exactly at a time. */
  readonly batchSize: number;
  /** Rows there is room for, a multiple of 64. */
  readonly capacity: number;
  /** Length of the buffer that holds it all. */
  readonly sizeBytes: number;
  readonly address: Readonly<Record<Region, number>>;
}

/** The regions in the order they lie in, and the bytes of one element of each. */
const REGIONS = {
  query: { per: "element", bytes: 4 },
  queryCodes: { per: "element", bytes: 1 },
  batch: { per: "batch-element", bytes: 4 },
  batchRows: { per: "batch", bytes: 4 },
  batchScores: { per: "batch", bytes: 4 },
  codes: { per: "row-element", bytes: 1 },
  scales: { per: "row", bytes: 4 },
  sums: { per: "row", bytes: 4 },
  errors: { per: "row", bytes: 4 },
  alive: { per: "row", bytes: 1 },
  allowed: { per: "row", bytes: 1 },
  uppers: { per: "row", bytes: 4 },
  candidateScores: { per: "row", bytes: 4 },
  candidateRows: { per: "row", bytes: 4 },
  hitScores: { per: "row", bytes: 4 },
  hitRows: { per: "row", bytes: 4 },
} as const;

/** Name of a region. */
export type Region = keyof typeof REGIONS;

/** The regions in the order they lie in. */
export const REGION_NAMES = Object.keys(REGIONS) as readonly Region[];

/**
 * The regions that hold a column's state, and so move when it grows; the others are scratch of one
 * call.
 */
export const STATE_REGIONS: readonly Region[] = ["codes", "scales", "sums", "errors", "alive"];

/** Bytes kept free at the start for the kernel's own fields. */
const HEADER_BYTES = 256;
/** Rows and elements come in multiples of this, so that the kernel's loops have no remainder. */
const GRAIN = 64;
/**
 * Rows given to the kernel at a time: many enough that calling it costs little, few enough that not
 * many are looked at which the ones before would have made needless.
 */
const BATCH_SIZE = 16;
/**
 * What a 32-bit address reaches, less one page so that the end of the last region can be addressed
 * too.
 */
export const MAX_COLUMN_BYTES = 2 ** 32 - 2 ** 16;

/** Bytes a region takes in a column with room for `rows` rows. */
export function regionBytes(region: Region, stride: number, rows: number): number {
  const { per, bytes } = REGIONS[region];
  const count = per.startsWith("row") ? rows : per.startsWith("batch") ? BATCH_SIZE : 1;
  return count * bytes * (per.endsWith("element") ? stride : 1);
}

/** Lays out a column of `dimensions` with room for at least `rows` rows. */
export function columnLayout(dimensions: number, rows: number): ColumnLayout {
  const stride = roundUp(dimensions);
  const capacity = roundUp(Math.max(rows, 1));
  const address = {} as Record<Region, number>;
  let end = HEADER_BYTES;
  for (const name of REGION_NAMES) {
    address[name] = end;
    end += regionBytes(name, stride, capacity);
  }
  return { stride, batchSize: BATCH_SIZE, capacity, sizeBytes: end, address };
}

/** The most rows of `dimensions` that one column can hold. */
export function maxRows(dimensions: number): number {
  const first = columnLayout(dimensions, GRAIN).sizeBytes;
  const further = columnLayout(dimensions, 2 * GRAIN).sizeBytes - first;
  return (1 + Math.floor((MAX_COLUMN_BYTES - first) / further)) * GRAIN;
}

function roundUp(count: number): number {
  return Math.ceil(count / GRAIN) * GRAIN;
}
