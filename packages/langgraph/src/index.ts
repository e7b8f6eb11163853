export { MemCubeStore } from "./store.ts";
export type { MemCubeStoreOptions, StoreRequest, StoreTtl } from "./store-options.ts";
