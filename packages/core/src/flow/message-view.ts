/** What planning needs to know of a message, whatever framework's it is. */
export interface MessageView {
  /** `undefined` when the message is not understood. */
  readonly role: "user" | "assistant" | "system" | "tool" | undefined;
  readonly speaker?: string;
  /** What was said in it, without calls, results and pictures. */
  readonly text: string;
  /** Whether a user says something in it: more than the results of tools. */
  readonly asks: boolean;
  /** Ids of the tool calls and approval requests in it. */
  readonly calls: readonly string[];
  /** Ids of the calls and requests that it answers. */
  readonly answers: readonly string[];
  /** Tokens that a model reads for it, about. */
  readonly tokens: number;
}
