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

/** Why a row ranks where it does: the parts of its score, left out where they played no part. */
export interface Why {
  /** Own and neighbour words, relative to the best row: 0..1. */
  readonly lexical?: number;
  /** Cosine similarity of the embeddings, -1..1. */
  readonly vector?: number;
  /** Said by, or about, whom the question names. */
  readonly speaker?: boolean;
  /** Share of `lexical` that neighbouring rows of the session contributed, 0..1. */
  readonly neighbours?: number;
  /** Said near a date that the question names, 0..1. */
  readonly date?: number;
  /** Its role, time words or wording of a preference fit what is asked. */
  readonly cue?: boolean;
  /** It answers a question (the row before) that matches. */
  readonly answer?: boolean;
  /** Its validity is over or yet to come. */
  readonly outdated?: boolean;
}

export interface IndexHit {
  readonly id: string;
  readonly version: number;
  /** Comparable within one result only; best first. */
  readonly score: number;
  readonly why: Why;
}

export interface IndexResult {
  readonly hits: readonly IndexHit[];
  /** How likely it is that the hits hold an answer, 0..1; 0 without hits. */
  readonly confidence: number;
}
