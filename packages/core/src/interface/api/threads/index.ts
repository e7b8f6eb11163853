export type { ChannelVersion } from "./checkpoint-record.ts";
export { memThreads, type MemThreads } from "./mem-threads.ts";
export type {
  GetCheckpointOptions,
  LineageOptions,
  ListCheckpointsOptions,
  ListThreadsOptions,
  PruneOptions,
  SearchThreadsOptions,
} from "./options.ts";
export type { ChannelStep, CheckpointStep, WritesStep } from "./put-checkpoint.ts";
export type { ThreadHit } from "./search-threads.ts";
export type { ThreadCheckpoint, ThreadWrite } from "./thread-checkpoint.ts";
export { ThreadPart, type ThreadInput, type ThreadValue } from "./thread-value.ts";
