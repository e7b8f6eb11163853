export { assertBytesKept } from "./assert-bytes-kept.ts";
export {
  DEMOTE_TASK,
  eraseOnBehalf,
  forgetInEngines,
  runDemoteTask,
  runScrubTask,
  scrub,
  SCRUB_TASK,
  scrubTask,
} from "./drop-states.ts";
export { type ForEngine, readForEngine } from "./for-engine.ts";
export { type EnginePlan, planForEngine } from "./plan-for-engine.ts";
export { keepLora, type KeepLoraOptions, promote, type PromoteOptions } from "./promote.ts";
export {
  recallLora,
  type RecalledLora,
  type Recalled,
  type RecallOptions,
  type RecallStateOptions,
  recallState,
} from "./recall.ts";
