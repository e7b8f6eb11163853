import { createKernel, createKernelOf, type KernelVariant, type VectorKernel } from "./kernel.ts";
import {
  type ColumnLayout,
  columnLayout,
  maxRows,
  type Region,
  regionBytes,
  STATE_REGIONS,
} from "./layout.ts";

/** A full column grows by this factor, so that adding n rows moves each about twice. */
const GROWTH = 1.5;

/**
 * A column's buffer, laid out and growing, with the kernel that works on it: all that a search
 * needs but the rows themselves.
 */
export class ColumnMemory {
  readonly kernel: VectorKernel;
  readonly #dimensions: number;
  #layout: ColumnLayout;
  #bytes: Uint8Array;
  #floats: Float32Array;
  #words: Uint32Array;

  /** Room for `rows` vectors of `dimensions`, on the given kernel or the fastest there is. */
  constructor(dimensions: number, rows: number, variant: KernelVariant | undefined) {
    this.#dimensions = dimensions;
    this.#layout = columnLayout(dimensions, rows);
    this.kernel = variant ? createKernelOf(variant, this.#layout) : createKernel(this.#layout);
    this.#bytes = new Uint8Array(this.kernel.buffer);
    this.#floats = new Float32Array(this.kernel.buffer);
    this.#words = new Uint32Array(this.kernel.buffer);
  }

  get layout(): ColumnLayout {
    return this.#layout;
  }

  /** The whole buffer as bytes; another one after `reserve`, as the two below. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get floats(): Float32Array {
    return this.#floats;
  }

  get words(): Uint32Array {
    return this.#words;
  }

  /**
   * Makes room for `rows` rows: the buffer grows, and the regions move up to where they now belong.
   */
  reserve(rows: number): void {
    const old = this.#layout;
    if (rows <= old.capacity) return;
    const wanted = Math.min(Math.max(rows, old.capacity * GROWTH), maxRows(this.#dimensions));
    const next = columnLayout(this.#dimensions, wanted);
    this.kernel.place(next);
    this.#bytes = new Uint8Array(this.kernel.buffer);
    this.#floats = new Float32Array(this.kernel.buffer);
    this.#words = new Uint32Array(this.kernel.buffer);
    this.#layout = next;
    // From the last to the first, since each moves up and may come to lie where those after it lay.
    for (const region of STATE_REGIONS.toReversed()) this.#move(region, old);
  }

  #move(region: Region, old: ColumnLayout): void {
    const { address, stride, capacity } = this.#layout;
    const from = old.address[region];
    const used = regionBytes(region, stride, old.capacity);
    const usedEnd = address[region] + used;
    const end = address[region] + regionBytes(region, stride, capacity);
    this.#bytes.copyWithin(address[region], from, from + used);
    // Past the old size the buffer is fresh, which is to say zero.
    this.#bytes.fill(0, usedEnd, Math.max(usedEnd, Math.min(end, old.sizeBytes)));
  }
}
