import type { ColumnLayout } from "./layout.ts";
import { JavaScriptKernel } from "./javascript-kernel.ts";
import { isSupported, WasmKernel } from "./wasm-kernel.ts";

/**
 * The code that runs a search, fastest first. All give the same rows and the same bits of score.
 */
export const KERNEL_VARIANTS = ["relaxed", "simd", "javascript"] as const;

/** See `KERNEL_VARIANTS`. */
export type KernelVariant = (typeof KERNEL_VARIANTS)[number];

/** Where a kernel gets the rows from that it has to look at exactly. */
export interface RowSource {
  /** The elements of a living row, of unit length. */
  at(row: number): Float32Array;
}

/**
 * A column's buffer and the calculations on it. Vectors pass through the regions of the layout: the
 * host writes `query`, `batch`, `alive`, `allowed` and reads `hitScores`, `hitRows`, `batchScores`.
 */
export interface VectorKernel {
  readonly variant: KernelVariant;
  /** The buffer; replaced by `place`, so it is asked for again after each call of that. */
  readonly buffer: ArrayBuffer;
  /**
   * Makes the buffer at least as large as the layout says and works by that layout from now on.
   * Moves nothing.
   */
  place(layout: ColumnLayout): void;
  /** Empties a row and overwrites its codes with zeros, and `batch`, which may hold the row. */
  clear(row: number): void;
  /**
   * Brings the vector at byte `address` to unit length. Returns the square of the length it had; if
   * that is 0 or not finite, the vector stays as it is.
   */
  normalise(address: number): number;
  /**
   * Prepares the living rows [first, first + count), which lie in `batch`, for search.
   * Returns the first one that is not finite or not of unit length, or -1.
   */
  quantise(first: number, count: number): number;
  /**
   * Writes the exact best `limit` living rows of [0, rowCount), best first, ties by row, and
   * returns how many. The `candidates` rows with the best bounds, at least `limit`, are looked
   * at in order of bound before the bound decides which others have to be.
   */
  search(rows: RowSource, options: KernelSearch): number;
  /** Writes the cosines of the first `count` rows of `batch` with the query to `batchScores`. */
  similarities(count: number): void;
}

/** See `VectorKernel.search`. */
export interface KernelSearch {
  readonly rowCount: number;
  readonly limit: number;
  readonly candidates: number;
  /** Whether only rows are found that have a 1 in `allowed`. */
  readonly masked: boolean;
}

/**
 * The fastest kernel this machine supports; plain JavaScript where memory for WebAssembly can't be
 * had.
 */
export function createKernel(layout: ColumnLayout): VectorKernel {
  for (const variant of KERNEL_VARIANTS) {
    if (variant === "javascript" || !isSupported(variant)) continue;
    try {
      return createKernelOf(variant, layout);
    } catch (error) {
      // Each WebAssembly memory reserves gigabytes of addresses: a process can have some 16,000 of
      // them.
      if (!(error instanceof RangeError)) throw error;
    }
  }
  return createKernelOf("javascript", layout);
}

/** The kernel of a given variant. */
export function createKernelOf(variant: KernelVariant, layout: ColumnLayout): VectorKernel {
  const kernel = variant === "javascript" ? new JavaScriptKernel() : new WasmKernel(variant);
  kernel.place(layout);
  return kernel;
}
