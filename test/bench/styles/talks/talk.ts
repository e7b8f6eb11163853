/** A user's chats with an assistant, and questions asked afterwards. */
export interface Talk {
  readonly name: string;
  readonly sessions: readonly TalkSession[];
  /** Question and the turns that answer it as "session:turn", from 0; none when it was never said. */
  readonly questions: readonly (readonly [question: string, ...evidence: string[]])[];
}

export interface TalkSession {
  /** Day, ISO 8601. */
  readonly at: string;
  /** The user's and the assistant's turns by turns, the user's first. */
  readonly turns: readonly string[];
}
