export type { SignalOptions } from "./abortable.ts";
export type { AbsorbInput } from "./absorb.ts";
export type { AddResult } from "./add.ts";
export type { ApiContext } from "./context.ts";
export type { ListCubesOptions } from "./cubes.ts";
export type { ListDeadLettersOptions } from "./dead-letters.ts";
export type { DependentsOptions } from "./dependents.ts";
export { EMBED_TASK, fillVectors, runEmbedTask } from "./embed.ts";
export { engineEmbedder } from "./engine-embedder.ts";
export type { ForgetByKeyOptions } from "./forget-by-key.ts";
export type { HistoricMemory } from "./history.ts";
export type { MemCube } from "./mem-cube.ts";
export { memSession, type MemOS, type MemSession } from "./mem-os.ts";
export { ThreadPart } from "./threads/index.ts";
export type {
  AddOptions,
  AddProgress,
  ChangeOptions,
  CreateCubeOptions,
  ListOptions,
  Progress,
  SearchOptions,
  UpdateOptions,
  UpdatePatch,
} from "./options.ts";
export { parseInput } from "./options.ts";
export type { PastCube } from "./past-cube.ts";
export type { PathsOptions } from "./paths.ts";
export type { PrepareInput } from "./prepare.ts";
export type { LogOptions } from "./read-changes.ts";
export type { RenewOptions } from "./renew.ts";
export { runRetireTask } from "./retire.ts";
export { RETIRE_TASK } from "./retire-task.ts";
export { refusalOf } from "./refusal-of.ts";
export {
  checkScoped,
  resolveScope,
  type ResolvedScope,
  type Scope,
  type ScopeOption,
} from "./scope.ts";
export { ScopedCubes } from "./scoped-cubes.ts";
export type { SettleReport } from "./settled.ts";
export {
  DEMOTE_TASK,
  type KeepLoraOptions,
  type PromoteOptions,
  type RecalledLora,
  type Recalled,
  type RecallOptions,
  type RecallStateOptions,
  runDemoteTask,
  runScrubTask,
  SCRUB_TASK,
} from "./states/index.ts";
export type {
  ChannelStep,
  ChannelVersion,
  CheckpointStep,
  GetCheckpointOptions,
  LineageOptions,
  ListCheckpointsOptions,
  ListThreadsOptions,
  MemThreads,
  PruneOptions,
  SearchThreadsOptions,
  ThreadCheckpoint,
  ThreadHit,
  ThreadInput,
  ThreadValue,
  ThreadWrite,
  WritesStep,
} from "./threads/index.ts";
export { textOf as memoryText } from "../../operation/operator/index.ts";
export { tell } from "./tell.ts";
export type { ExportLine, ImportResult } from "./transfer.ts";
export type { CubeVerifyOptions } from "./verify.ts";
export type { Where } from "./where.ts";
export { inTime, within } from "./within.ts";
export type { WrittenBy } from "./written-by.ts";
export type { MemView, ViewAddResult } from "./view.ts";
export {
  MEMORY_TOOL_NAMES,
  type MemoryTool,
  type MemoryToolName,
  type MemoryToolOptions,
} from "./tools/index.ts";
