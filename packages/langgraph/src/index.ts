export { MemCubeSaver } from "./saver.ts";
export type { MemCubeSaverOptions } from "./options.ts";
export { MemCubeStore } from "./store.ts";
export type { MemCubeStoreOptions, StoreRequest, StoreTtl } from "./store-options.ts";
