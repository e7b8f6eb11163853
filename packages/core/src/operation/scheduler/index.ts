export { planHistory, type HistoryPlan } from "./history/plan-history.ts";
export {
  planInjection,
  STABLE_HEADING,
  SUMMARY_HEADING,
  VOLATILE_HEADING,
  type PlanParts,
} from "./plan.ts";
export { UsageBuffer } from "./usage-buffer.ts";
export { TaskWorker, type TaskHandler } from "./worker.ts";
