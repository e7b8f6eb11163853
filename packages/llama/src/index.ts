export { downloadModel, type DownloadModelOptions } from "./download-model.ts";
export type { LlamaEngineOptions, ModelProgress } from "./engine/options.ts";
export type { PageProblem, StoredPrefix } from "./kv/inspect.ts";
export type { KvImported, KvRefusal, StateTarget } from "./kv/carry-state.ts";
export type { KvStoreOptions } from "./kv/kv-options.ts";
export { type DirectoryKvStore, openKvStore } from "./kv/kv-store.ts";
export type { KvStore } from "./kv/types.ts";
export { llamaEngine } from "./llama-engine.ts";
export type { LoraBase, LoraSource, ResolvedLora } from "./lora/types.ts";
export { type CheckLoraOptions, checkLora, type LoraInfo } from "./lora/check-lora.ts";
export {
  type AddedLora,
  type AddLoraOptions,
  type LoraDirectory,
  loraDirectory,
  type LoraDirectoryOptions,
} from "./lora/lora-directory.ts";
export {
  type Effort,
  type Gain,
  type GainStep,
  measureGain,
  type MeasureGainOptions,
} from "./measure-gain.ts";
