/** Who a turn was said by, in the model's terms. */
export type Role = "user" | "assistant" | "system" | "tool";

/** What the index needs to know of one memory; the text itself is analysed and not kept. */
export interface IndexDocument {
  readonly id: string;
  readonly version: number;
  /** Key of the visibility class: permission is decided once per class and query. */
  readonly visibility: string;
  /** Semantic type: text, document, turn, fact, event, preference, tool-schema, tool-trajectory, skill, json. */
  readonly type: string;
  readonly text: string;
  readonly title?: string | undefined;
  /** Words that describe an image or file that came with the text. */
  readonly caption?: string | undefined;
  readonly speaker?: string | undefined;
  readonly role?: Role | undefined;
  readonly sessionId?: string | undefined;
  /** Place within the session; rows without one are ordered by `at`, then by id. */
  readonly order?: number | undefined;
  /** When it was said or happened, ms since the epoch. */
  readonly at?: number | undefined;
  readonly tags: readonly string[];
  /** Found by the tag filter like tags, but no words of the text. */
  readonly labels?: readonly string[] | undefined;
  readonly entities: readonly string[];
  /** From this time on (ms since the epoch) the row is not found. */
  readonly expiresAt?: number | undefined;
  /** The statement holds from this time on; ranked lower before it. */
  readonly validFrom?: number | undefined;
  /** The statement holds until this time; ranked lower after it, unless the question asks for the past. */
  readonly validTo?: number | undefined;
  /** Embedding of the index's one dimension count; any length, it is normalised. */
  readonly vector?: Float32Array | undefined;
}
