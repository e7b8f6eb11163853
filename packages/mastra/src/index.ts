export { MemCubeMemory } from "./memory.ts";
export type {
  FailedPart,
  MastraContext,
  MastraScope,
  MemCubeMemoryOptions,
  MemCubeStorageOptions,
} from "./options.ts";
export { MemCubeMemoryStorage } from "./storage.ts";
export { memcubeStore } from "./store.ts";
export type { MastraEvents } from "./telemetry.ts";
