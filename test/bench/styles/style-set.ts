/** A row of a style set, in the shape of the index's documents without the governance part. */
export interface StyleRow {
  readonly id: string;
  readonly type: "turn" | "fact" | "document";
  readonly text: string;
  readonly title?: string;
  readonly role?: "user" | "assistant";
  readonly speaker?: string;
  readonly sessionId?: string;
  readonly order?: number;
  readonly at?: number;
}

export interface StyleQuestion {
  readonly text: string;
  /** Rows that answer it; empty when none does. */
  readonly evidence: readonly string[];
}

export interface StyleSet {
  readonly name: string;
  readonly rows: readonly StyleRow[];
  readonly questions: readonly StyleQuestion[];
}
