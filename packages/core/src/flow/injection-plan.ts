import type { MemoryRef } from "../memory/index.ts";
import type { Hit } from "./retrieval.ts";

/** A long history cut down to a budget; what was left out is in the summary and can be recalled. */
export interface PlannedHistory {
  /**
   * Ascending indices into the messages given: all of them while they fit. A tool call is never parted
   * from its results; system messages and the last thing the user said are always kept.
   */
  readonly keep: readonly number[];
  /** Of all messages, and of those kept with the summary; the difference is what was saved. */
  readonly tokens: { readonly before: number; readonly after: number };
}

/** What goes into a prompt, in two blocks: one that prompt caches can keep, one that changes. */
export interface InjectionPlan {
  /**
   * Standing knowledge (preferences) and, when the history was cut, a summary of what is no longer in
   * it: belongs at the end of the leading system message. Empty when there is neither.
   */
  readonly stable: string;
  /** What was recalled for this very message: belongs near the last user message. May be empty. */
  readonly volatile: string;
  readonly hits: readonly Hit[];
  /** Which messages to send; only with `historyTokens` and a list of messages. */
  readonly history?: PlannedHistory;
  readonly tokens: { readonly stable: number; readonly volatile: number };
  /** KV state to restore and LoRA set to use; left out while there is no engine. */
  readonly kv?: { readonly memoryId: string; readonly cubeId: string };
  readonly lora?: readonly {
    readonly memoryId: string;
    readonly cubeId: string;
    readonly scale: number;
  }[];
  /** Says what became of the plan, so that usage counters are true. Never rejects. */
  report(outcome: { readonly used: boolean | readonly MemoryRef[] }): Promise<void>;
}
