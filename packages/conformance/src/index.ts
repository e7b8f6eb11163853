export { ALL_RULES } from "./all-rules.ts";
export type { EngineRule, EngineRuleContext, MakeEngine } from "./engine/engine-rule.ts";
export { ENGINE_RULES, engineConformance } from "./engine/suite.ts";
export { type CommitInput, commitRequest } from "./kit/commit-request.ts";
export {
  type CubeInput,
  cubeWrite,
  eraseWrite,
  type MemoryInput,
  memoryWrite,
  vectorWrite,
} from "./kit/content.ts";
export type { MakePlace, StoragePlace } from "./place.ts";
export { type PortName, PORTS, type Rule, type RuleContext } from "./rule.ts";
export { type BrokenRule, findBrokenRules, runRule } from "./run-rule.ts";
export {
  blobsConformance,
  lifecycleConformance,
  storageConformance,
  taskQueueConformance,
  threadsConformance,
  topicConformance,
  usageConformance,
  vaultConformance,
} from "./suite.ts";
