/** What the readers of all shapes share during one call. */
export interface Reading {
  readonly now: number;
  /** Session of what does not name its own. */
  readonly sessionId?: string;
  /** Time of what does not name its own, e.g. the start of its session. */
  readonly at?: number;
  /** Tags of everything below, e.g. the conversation's title. */
  readonly tags?: readonly string[];
  readonly speaker: { readonly user?: string; readonly assistant?: string };
  readonly chunkTokens: number;
  newId(): string;
  /** Place of the next turn of a session, from 0. */
  nextOrder(sessionId: string | undefined): number;
}

/** The same reading inside a conversation that names its session, time or title. */
export function within(
  reading: Reading,
  conversation: { sessionId?: string; at?: number; title?: string },
): Reading {
  const { sessionId = reading.sessionId, at = reading.at, title } = conversation;
  const tags = title === undefined ? reading.tags : [...(reading.tags ?? []), title];
  return { ...reading, sessionId, at, tags };
}
