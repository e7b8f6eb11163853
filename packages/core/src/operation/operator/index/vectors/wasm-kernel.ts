import { RELAXED_KERNEL_BASE64, SIMD_KERNEL_BASE64 } from "./kernel.generated.ts";
import type { KernelVariant, VectorKernel } from "./kernel.ts";
import { type ColumnLayout, REGION_NAMES } from "./layout.ts";

type WasmVariant = Exclude<KernelVariant, "javascript">;

/** What `packages/core/assembly/index.ts` exports. */
export interface KernelExports {
  clear(row: number): void;
  quantise(first: number, count: number): number;
  scan(rowCount: number, limit: number, masked: boolean): void;
  rescore(rowCount: number, limit: number): number;
  hitCount(): number;
  similarities(count: number): void;
  sumRows(count: number): number;
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
    new Uint32Array(this.#memory.buffer).set([layout.stride, ...addresses]);
  }

  clear(row: number): void {
    this.exports.clear(row);
  }

  quantise(first: number, count: number): number {
    return this.exports.quantise(first, count);
  }

  search(rowCount: number, limit: number, oversample: number, masked: boolean): number {
    this.exports.scan(rowCount, oversample, masked);
    this.exports.rescore(rowCount, limit);
    return this.exports.hitCount();
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
