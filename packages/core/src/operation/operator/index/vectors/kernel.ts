import type { ColumnLayout } from "./layout.ts";
import { JavaScriptKernel } from "./javascript-kernel.ts";
import { isSupported, WasmKernel } from "./wasm-kernel.ts";

/**
 * The code that runs a search, fastest first. All give the same rows and the same bits of score.
 */
export const KERNEL_VARIANTS = ["relaxed", "simd", "javascript"] as const;

/** See `KERNEL_VARIANTS`. */
export type KernelVariant = (typeof KERNEL_VARIANTS)[number];

/**
 * A column's buffer and the calculations on it. Vectors pass through the regions of the layout: the
 * host writes `query`, `rows`, `alive`, `allowed` and reads `hitScores`, `hitRows`.
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
  /** Empties a row and overwrites what it held with zeros. */
  clear(row: number): void;
  /**
   * Prepares the living rows [first, first + count) for search.
   * Returns the first one that is not finite or not of unit length, or -1.
   */
  quantise(first: number, count: number): number;
  /**
   * Writes the exact best `limit` living rows of [0, rowCount), best first, ties by row, and
   * returns how many. `oversample` rows are looked at exactly before the bound decides which others
   * have to be.
   */
  search(rowCount: number, limit: number, oversample: number, masked: boolean): number;
  /** Writes the cosines of the rows hitRows[0, count) with the query to hitScores. */
  similarities(count: number): void;
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
