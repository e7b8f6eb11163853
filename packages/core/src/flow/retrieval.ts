import type { Memory, MemoryRef } from "../memory/index.ts";
import type { Position } from "./position.ts";

/** Why a hit is one: the parts of its score, left out where they played no part. */
export interface HitReasons {
  /** Own and neighbouring words, relative to the best row of its cube. */
  readonly lexical?: number;
  /** Cosine similarity of the embeddings, -1..1. */
  readonly vector?: number;
  /** Said by, or about, whom the question names. */
  readonly speaker?: boolean;
  /** Share of `lexical` that neighbouring turns contributed, 0..1. */
  readonly neighbours?: number;
  /** Said near a date that the question names, 0..1. */
  readonly date?: number;
  /** Role, time words or wording of a preference fit what is asked. */
  readonly cue?: boolean;
  /** It answers a question (the turn before) that matches. */
  readonly answer?: boolean;
  /** Its validity is over or yet to come. */
  readonly outdated?: boolean;
}

/** One memory found. */
export interface Hit {
  readonly memory: Memory;
  /** Comparable within one retrieval; best first. */
  readonly score: number;
  readonly why: HitReasons;
}

/** What a search found, ready to read and ready for a prompt. */
export interface Retrieval {
  readonly query: string;
  readonly hits: readonly Hit[];
  /**
   * The hits as text for a prompt: within the token budget, in an order that stays the same while
   * the same memories are found (by time, under one heading per session).
   */
  readonly text: string;
  /** Tokens of `text`, counted by the tokenizer given or estimated (see `estimateTokens`). */
  readonly tokens: number;
  /** The memories that are in `text`, best first. */
  readonly included: readonly MemoryRef[];
  /** How likely the answer is among the hits, 0..1. */
  readonly confidence: number;
  /** Position of each cube that was searched, by cube id. */
  readonly positions: Readonly<Record<string, Position>>;
}
