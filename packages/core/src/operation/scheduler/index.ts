export { chooseLoras, type LoraCandidate } from "./choose-loras.ts";
export {
  chooseStates,
  outdatedStates,
  sourcesKey,
  type StateMemory,
  type WantedState,
} from "./choose-states.ts";
export { planHistory, type HistoryPlan } from "./history/plan-history.ts";
export {
  planInjection,
  STABLE_HEADING,
  SUMMARY_HEADING,
  VOLATILE_HEADING,
  type PlanParts,
} from "./plan.ts";
export { SideWork } from "./side-work.ts";
export { UseCounts } from "./use-counts.ts";
export { UsageBuffer } from "./usage-buffer.ts";
export { TaskWorker, type TaskHandler } from "./worker.ts";
