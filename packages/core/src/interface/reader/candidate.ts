import type { PlaintextPayload, SourceRef } from "../../memory/index.ts";

/** What one piece of input becomes when it is added: a memory without header, id and owner. */
export interface Candidate {
  readonly payload: PlaintextPayload;
  /** Where it was said or written; empty for a text or value that came alone. */
  readonly sources: readonly SourceRef[];
  /** Names the piece in the system it came from, so that adding it twice can be noticed. */
  readonly externalKey?: string;
  readonly tags?: readonly string[];
  /** When it was said, milliseconds since the epoch; `undefined` when the input does not say. */
  readonly at?: number;
  /** BCP 47 language, when the input names it. */
  readonly language?: string;
  /** Where in the input it stood: `[3]`, `messages[3]`, `sessions[0].messages[2]`, `line 7`. */
  readonly position: string;
}
