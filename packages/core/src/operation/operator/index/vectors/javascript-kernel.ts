import type { VectorKernel } from "./kernel.ts";
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
    const { address, stride } = this.#placed();
    this.#bytes[address.alive + row] = 0;
    this.#floats.fill(0, address.rows / 4 + row * stride, address.rows / 4 + (row + 1) * stride);
  }

  quantise(first: number, count: number): number {
    const { address, stride } = this.#placed();
    for (let row = first; row < first + count; row++) {
      if (this.#bytes[address.alive + row] === 0) continue;
      const start = address.rows / 4 + row * stride;
      let squares = 0;
      for (let index = 0; index < stride; index++)
        squares += (this.#floats[start + index] as number) ** 2;
      if (!(Math.abs(squares - 1) < NORM_TOLERANCE)) return row;
    }
    return -1;
  }

  search(rowCount: number, limit: number, _oversample: number, masked: boolean): number {
    const { address } = this.#placed();
    const best = new TopList(limit);
    for (let row = 0; row < rowCount; row++) {
      const allowed = masked ? (this.#bytes[address.allowed + row] as number) : 1;
      if (((this.#bytes[address.alive + row] as number) & allowed) !== 0)
        best.offer(this.#cosine(row), row);
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
    for (let index = 0; index < count; index++) {
      const row = this.#words[address.hitRows / 4 + index] as number;
      this.#floats[address.hitScores / 4 + index] = this.#cosine(row);
    }
  }

  #placed(): ColumnLayout {
    if (!this.#layout) throw new TypeError("place() comes first");
    return this.#layout;
  }

  #cosine(row: number): number {
    const { address, stride } = this.#placed();
    return dotExact(this.#floats, address.rows / 4 + row * stride, address.query / 4, stride);
  }
}

/**
 * Dot product with the 8 running sums of `dotExact` in `packages/core/assembly/dot.ts`, added up in
 * its order.
 */
function dotExact(floats: Float32Array, left: number, right: number, length: number): number {
  let [a, b, c, d, e, f, g, h] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let x = left, y = right; x < left + length; x += 8, y += 8) {
    a += (floats[x] as number) * (floats[y] as number);
    b += (floats[x + 1] as number) * (floats[y + 1] as number);
    c += (floats[x + 2] as number) * (floats[y + 2] as number);
    d += (floats[x + 3] as number) * (floats[y + 3] as number);
    e += (floats[x + 4] as number) * (floats[y + 4] as number);
    f += (floats[x + 5] as number) * (floats[y + 5] as number);
    g += (floats[x + 6] as number) * (floats[y + 6] as number);
    h += (floats[x + 7] as number) * (floats[y + 7] as number);
  }
  return Math.fround(a + c + (e + g) + (b + d + (f + h)));
}
