// The parts below `VectorColumn`, for benchmarks that time them one by one.
export { columnLayout } from "./layout.ts";
export { VectorColumn } from "./vector-column.ts";
export { WasmKernel } from "./wasm-kernel.ts";
