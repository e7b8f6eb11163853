import type { CubeRef, UsageView } from "../memory/index.ts";

/** Commutative increments of one memory's counters. */
export interface UsageIncrement {
  readonly cube: CubeRef;
  readonly id: string;
  readonly reads?: number;
  readonly injections?: number;
  readonly uses?: number;
  /** When, in milliseconds; the latest wins. */
  readonly at: number;
}

/** Usage counters: batched, outside version, digest and log. */
export interface Usage {
  add(increments: readonly UsageIncrement[]): Promise<void>;
  /** Counters by id; a memory that was never used is not in the map. */
  get(cube: CubeRef, ids: readonly string[]): Promise<ReadonlyMap<string, UsageView>>;
}
