import { refKey, refOf, type Hit } from "../../flow/index.ts";
import type { Memory } from "../../memory/index.ts";
import { estimateTokens } from "../../text/index.ts";
import { renderHits, toRenderable } from "../operator/index.ts";

/** What a plan is made from; everything is data, so equal parts give an equal plan. */
export interface PlanParts {
  /** Standing memories (preferences) in creation order. */
  readonly standing: readonly Memory[];
  /** What was recalled for the message, best first. */
  readonly recalled: readonly Hit[];
  /** Of what the messages no longer say, under its heading; takes nothing of the budget. */
  readonly summary?: string;
  /** Of standing and recalled memories together. */
  readonly budgetTokens: number;
  /** @default an estimate */
  readonly countTokens?: (text: string) => number;
}

export interface PlannedBlocks {
  readonly stable: string;
  readonly volatile: string;
  readonly hits: readonly Hit[];
  readonly tokens: { readonly stable: number; readonly volatile: number };
  /** The memories in either block. */
  readonly injected: readonly Memory[];
  /** Those in the stable one. */
  readonly standing: readonly Memory[];
}

/** Share of the budget that standing knowledge may take. */
const STABLE_SHARE = 0.3;
/** First line of each block: by it a block that comes back in a conversation is recognised. */
export const STABLE_HEADING = "What is known about the user:";
export const SUMMARY_HEADING =
  "Earlier in this conversation, in extracts (the full messages are not shown any more):";
export const VOLATILE_HEADING =
  "From memory (said or noted earlier; may be outdated, prefer what the user says now):";

/**
 * Places memories into two blocks within a token budget: a stable one that changes only when standing
 * knowledge does, so prompt caches and KV states keep it, and a volatile one for this message
 * (MemOS 2507.03724 section 5.4.2). A memory is in one block only.
 */
export function planInjection(parts: PlanParts): PlannedBlocks {
  const { budgetTokens, summary = "", ...limits } = parts;
  const stable = block(STABLE_HEADING, parts.standing, {
    ...limits,
    budgetTokens: Math.floor(budgetTokens * STABLE_SHARE),
  });
  const standing = new Set(stable.included);
  const hits = parts.recalled.filter(({ memory }) => !standing.has(refKey(refOf(memory))));
  const volatile = block(
    VOLATILE_HEADING,
    hits.map(({ memory }) => memory),
    { ...limits, budgetTokens: budgetTokens - stable.tokens },
  );
  const included = new Set(volatile.included);
  const count = limits.countTokens ?? estimateTokens;
  const summaryTokens = summary === "" ? 0 : count(`${summary}\n\n`);
  return {
    // What changes least comes first: summaries change more often than preferences.
    stable: [stable.text, summary].filter((text) => text !== "").join("\n\n"),
    volatile: volatile.text,
    hits: hits.filter(({ memory }) => included.has(refKey(refOf(memory)))),
    tokens: { stable: stable.tokens + summaryTokens, volatile: volatile.tokens },
    standing: parts.standing.filter((memory) => standing.has(refKey(refOf(memory)))),
    injected: [...parts.standing, ...hits.map(({ memory }) => memory)].filter((memory) => {
      const key = refKey(refOf(memory));
      return standing.has(key) || included.has(key);
    }),
  };
}

function block(
  heading: string,
  memories: readonly Memory[],
  limits: Pick<PlanParts, "budgetTokens" | "countTokens">,
): { text: string; tokens: number; included: readonly string[] } {
  const headingTokens = (limits.countTokens ?? estimateTokens)(`${heading}\n`);
  const budgetTokens = limits.budgetTokens - headingTokens;
  if (memories.length === 0 || budgetTokens <= 0) return { text: "", tokens: 0, included: [] };
  const rendered = renderHits(memories.map(toRenderable), { ...limits, budgetTokens });
  if (rendered.ids.length === 0) return { text: "", tokens: 0, included: [] };
  return {
    text: `${heading}\n${rendered.text}`,
    tokens: headingTokens + rendered.tokens,
    included: rendered.ids,
  };
}
