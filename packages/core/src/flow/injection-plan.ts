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

/** A LoRA that a plan chose, and why: it is always on, the task was named, or the question is about it. */
export interface PlannedLora {
  readonly memoryId: string;
  readonly cubeId: string;
  readonly version: number;
  readonly scale: number;
  readonly why: "always" | "task" | "question";
}

/** An activation memory whose sources are those of the stable block, as they are now. */
export interface PlannedState {
  readonly memoryId: string;
  readonly cubeId: string;
  /** Tokens whose state it is: the prompt must begin with just these. */
  readonly tokens: number;
}

/** How to ask the engine, once it knows what the plan names. */
export interface HandedOver {
  /**
   * Fields of the engine's request, to be passed on as they are; what a call says itself goes before them.
   * Empty for a model that is no engine's of this memory OS.
   */
  readonly request: {
    readonly lora?: readonly { readonly id: string; readonly scale: number }[];
    readonly cacheScope?: string;
    readonly stableThrough?: string;
  };
  /** What of the plan is not used, and why: a LoRA that is damaged, or that the caller may no longer read. */
  readonly left: readonly {
    readonly memoryId: string;
    readonly cubeId: string;
    readonly reason: string;
  }[];
}

/** What became of a plan. Each part may be told by a call of its own. */
export interface PlanOutcome {
  /** Whether the answer used what was injected, or which of it. Left out: nothing is counted. */
  readonly used?: boolean | readonly MemoryRef[];
  /**
   * What the engine told of one call (`EngineUsage`), as it came through the framework. Anything else is
   * no engine's word and is passed over.
   */
  readonly engine?: unknown;
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
  /**
   * States that may stand for the beginning of the prompt, for a model of an engine of this memory OS; the
   * engine takes the one whose tokens the prompt begins with. Left out when there is none.
   */
  readonly kv?: readonly PlannedState[];
  /** LoRAs to use, for such a model. Left out when there is none. */
  readonly lora?: readonly PlannedLora[];
  /**
   * Makes the engine know what the plan names: LoRA files are taken from their cubes, once per process, and
   * states are offered to it. Rejects with the signal's reason only.
   */
  handOver(options?: { readonly signal?: AbortSignal }): Promise<HandedOver>;
  /** Says what became of the plan, so that usage counters are true. Never rejects. */
  report(outcome: PlanOutcome): Promise<void>;
}
