export { fixedClock, type FixedClock } from "./fixed-clock.ts";
export type { MemoryData } from "./memory-data.ts";
export { memoryStorage, type MemoryStorage, type MemoryStorageOptions } from "./memory-storage.ts";
export { sequentialIds } from "./sequential-ids.ts";
