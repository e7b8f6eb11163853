import { RELAXED_KERNEL_BASE64, SIMD_KERNEL_BASE64 } from "./kernel.generated.ts";
import type { KernelSearch, KernelVariant, RowSource, VectorKernel } from "./kernel.ts";
import { type ColumnLayout, REGION_NAMES } from "./layout.ts";

type WasmVariant = Exclude<KernelVariant, "javascript">;

/** What `packages/core/assembly/index.ts` exports. */
export interface KernelExports {
  clear(row: number): void;
  normalise(address: number): number;
  quantise(first: number, count: number): number;
  scan(rowCount: number, limit: number, masked: boolean): void;
  startRescore(rowCount: number, limit: number): void;
  nextRows(given: number): number;
  hitCount(): number;
  similarities(count: number): void;
  sumCodes(count: number): number;
}

const PAGE_BYTES = 65_536;
const MAX_PAGES = 65_536;

const BASE64: Readonly<Record<WasmVariant, string>> = {
  relaxed: RELAXED_KERNEL_BASE64,
  simd: SIMD_KERNEL_BASE64,
};

/** Compiled once per process and variant; undefined = not supported here. */
const modules = new Map<WasmVariant, WebAssembly.Module | undefined>();

/** Whether this machine runs the variant. */
export function isSupported(variant: WasmVariant): boolean {
  return compiled(variant) !== undefined;
}

/** A WebAssembly kernel with its own memory, and its functions one by one for measurements. */
export class WasmKernel implements VectorKernel {
  readonly variant: WasmVariant;
  readonly exports: KernelExports;
  readonly #memory: WebAssembly.Memory;
  #floats = new Float32Array(0);
  #words = new Uint32Array(0);
  #layout: ColumnLayout | undefined;

  constructor(variant: WasmVariant) {
    const module = compiled(variant);
    if (!module) throw new TypeError(`WebAssembly (${variant}) is not supported here`);
    this.variant = variant;
    this.#memory = new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES });
    const instance = new WebAssembly.Instance(module, { env: { memory: this.#memory } });
    this.exports = instance.exports as unknown as KernelExports;
  }

  get buffer(): ArrayBuffer {
    return this.#memory.buffer;
  }

  place(layout: ColumnLayout): void {
    const missing = layout.sizeBytes - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE_BYTES));
    const addresses = REGION_NAMES.map((name) => layout.address[name]);
    this.#floats = new Float32Array(this.#memory.buffer);
    this.#words = new Uint32Array(this.#memory.buffer);
    this.#words.set([layout.stride, layout.batchSize, ...addresses]);
    this.#layout = layout;
  }

  clear(row: number): void {
    this.exports.clear(row);
  }

  normalise(address: number): number {
    return this.exports.normalise(address);
  }

  quantise(first: number, count: number): number {
    return this.exports.quantise(first, count);
  }

  search(rows: RowSource, { rowCount, limit, candidates, masked }: KernelSearch): number {
    const { exports } = this;
    exports.scan(rowCount, candidates, masked);
    exports.startRescore(rowCount, limit);
    let wanted = exports.nextRows(0);
    while (wanted > 0) {
      this.#fillBatch(rows, wanted);
      wanted = exports.nextRows(wanted);
    }
    return exports.hitCount();
  }

  #fillBatch(rows: RowSource, count: number): void {
    if (!this.#layout) throw new TypeError("place() comes first");
    const { address, stride } = this.#layout;
    for (let slot = 0; slot < count; slot++) {
      const row = this.#words[address.batchRows / 4 + slot] as number;
      this.#floats.set(rows.at(row), address.batch / 4 + slot * stride);
    }
  }

  similarities(count: number): void {
    this.exports.similarities(count);
  }
}

function compiled(variant: WasmVariant): WebAssembly.Module | undefined {
  if (!modules.has(variant)) modules.set(variant, compile(BASE64[variant]));
  return modules.get(variant);
}

function compile(base64: string): WebAssembly.Module | undefined {
  if (typeof WebAssembly === "undefined") return undefined;
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  return WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : undefined;
}
