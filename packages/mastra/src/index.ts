export type { MastraContext, MastraScope, MemCubeStorageOptions } from "./options.ts";
export { MemCubeMemoryStorage } from "./storage.ts";
