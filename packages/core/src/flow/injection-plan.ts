import type { MemoryRef } from "../memory/index.ts";
import type { Hit } from "./retrieval.ts";

/** What goes into a prompt, in two blocks: one that prompt caches can keep, one that changes. */
export interface InjectionPlan {
  /**
   * Standing knowledge (preferences, memories of high priority): belongs at the end of the leading
   * system message. Empty when there is none.
   */
  readonly stable: string;
  /** What was recalled for this very message: belongs near the last user message. May be empty. */
  readonly volatile: string;
  readonly hits: readonly Hit[];
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
