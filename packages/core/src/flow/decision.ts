/** What a caller may ask to do with a cube or a memory. */
export const ACTIONS = [
  "cube.create",
  "cube.read",
  "cube.update",
  "cube.delete",
  "memory.read",
  "memory.add",
  "memory.update",
  "memory.share",
  "memory.forget",
  "memory.erase",
  "memory.rollback",
  "log.read",
] as const;
export type Action = (typeof ACTIONS)[number];

/** Outcome of the one decision point: the effect and the rules that decided (never empty). */
export interface Decision {
  readonly effect: "permit" | "forbid";
  readonly action: Action;
  /** Rule codes, for the log and for people who ask why. */
  readonly rules: readonly string[];
}
