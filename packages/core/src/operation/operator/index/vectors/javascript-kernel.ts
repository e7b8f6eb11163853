import { dotExact } from "./dot-exact.ts";
import type { KernelSearch, RowSource, VectorKernel } from "./kernel.ts";
import type { ColumnLayout } from "./layout.ts";
import { TopList } from "./top-list.ts";

/** As in `packages/core/assembly/index.ts`. */
const NORM_TOLERANCE = 1e-4;

/**
 * Exact scan without codes, for where there is no WebAssembly. Rounds as the WebAssembly does, bit
 * for bit.
 */
export class JavaScriptKernel implements VectorKernel {
  readonly variant = "javascript";
  #bytes = new Uint8Array(0);
  #floats = new Float32Array(0);
  #words = new Uint32Array(0);
  #layout: ColumnLayout | undefined;

  get buffer(): ArrayBuffer {
    return this.#bytes.buffer;
  }

  place(layout: ColumnLayout): void {
    if (layout.sizeBytes > this.#bytes.length) {
      const larger = new Uint8Array(layout.sizeBytes);
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#floats = new Float32Array(larger.buffer);
      this.#words = new Uint32Array(larger.buffer);
    }
    this.#layout = layout;
  }

  clear(row: number): void {
    const { address, batchSize, stride } = this.#placed();
    this.#bytes[address.alive + row] = 0;
    this.#bytes.fill(0, address.batch, address.batch + batchSize * stride * 4);
  }

  normalise(address: number): number {
    const { stride } = this.#placed();
    const start = address / 4;
    const squares = dotExact(this.#floats, start, start, stride);
    if (!(squares > 0 && squares < Infinity)) return squares;
    const factor = 1 / Math.sqrt(squares);
    for (let index = start; index < start + stride; index++) {
      this.#floats[index] = (this.#floats[index] as number) * factor;
    }
    return squares;
  }

  quantise(first: number, count: number): number {
    const { address, stride } = this.#placed();
    for (let slot = 0; slot < count; slot++) {
      if (this.#bytes[address.alive + first + slot] === 0) continue;
      const start = address.batch / 4 + slot * stride;
      const squares = dotExact(this.#floats, start, start, stride);
      if (!(Math.abs(squares - 1) < NORM_TOLERANCE)) return first + slot;
    }
    return -1;
  }

  search(rows: RowSource, { rowCount, limit, masked }: KernelSearch): number {
    const { address } = this.#placed();
    const best = new TopList(limit);
    for (let row = 0; row < rowCount; row++) {
      const allowed = masked ? (this.#bytes[address.allowed + row] as number) : 1;
      if (((this.#bytes[address.alive + row] as number) & allowed) === 0) continue;
      this.#floats.set(rows.at(row), address.batch / 4);
      best.offer(this.#cosine(0), row);
    }
    const hits = best.sorted();
    for (const [index, { score, row }] of hits.entries()) {
      this.#floats[address.hitScores / 4 + index] = score;
      this.#words[address.hitRows / 4 + index] = row;
    }
    return hits.length;
  }

  similarities(count: number): void {
    const { address } = this.#placed();
    for (let slot = 0; slot < count; slot++) {
      this.#floats[address.batchScores / 4 + slot] = this.#cosine(slot);
    }
  }

  #placed(): ColumnLayout {
    if (!this.#layout) throw new TypeError("place() comes first");
    return this.#layout;
  }

  /** Cosine of the batch's row number `slot` with the query. */
  #cosine(slot: number): number {
    const { address, stride } = this.#placed();
    const start = address.batch / 4 + slot * stride;
    return Math.fround(dotExact(this.#floats, start, address.query / 4, stride));
  }
}
