export { LogKeeper, type LogKeeperOptions } from "./log-keeper.ts";
export {
  patchEdges,
  patchLabels,
  patchPayload,
  sameContent,
  type PayloadPatch,
  type UpdateMode,
} from "./merge-content.ts";
export { retirementTime, retiresAt, retiresSooner } from "./retires-at.ts";
export { assertNotFrozen, nextState, type LifecycleEvent } from "./transitions.ts";
