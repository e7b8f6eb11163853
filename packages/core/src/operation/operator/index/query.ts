import type { HitReasons } from "../../../flow/index.ts";

/** Narrows what is returned; statistics are still those of all rows the caller may see. */
export interface IndexFilter {
  /** One of these types. */
  readonly types?: readonly string[] | undefined;
  /** All of these tags. */
  readonly tags?: readonly string[] | undefined;
  readonly sessionId?: string | undefined;
  /** `at` not before this time, ms since the epoch; rows without `at` are left out. */
  readonly from?: number | undefined;
  /** `at` before this time, ms since the epoch. */
  readonly to?: number | undefined;
  readonly ids?: readonly string[] | undefined;
}

export interface IndexQuery {
  readonly text: string;
  readonly vector?: Float32Array | undefined;
  /** Most hits to return. */
  readonly limit: number;
  /** The caller's permission, asked once per visibility class; must not change during the call. */
  readonly permits: (visibility: string) => boolean;
  /** ms since the epoch: decides expiry, validity and what "last week" means. */
  readonly now: number;
  readonly filter?: IndexFilter | undefined;
}

export interface IndexRow {
  readonly id: string;
  readonly version: number;
}

export interface IndexHit extends IndexRow {
  /** Comparable within one result only; best first. */
  readonly score: number;
  readonly why: HitReasons;
}

export interface IndexResult {
  readonly hits: readonly IndexHit[];
  /** How likely it is that the hits hold an answer, 0..1; 0 without hits. */
  readonly confidence: number;
}
