import type { MessageView } from "../../../flow/index.ts";
import { estimateTokens } from "../../../text/index.ts";
import { summarise, type SummaryOptions } from "./summarise.ts";
import { workingSet } from "./working-set.ts";

export interface HistoryOptions extends Omit<SummaryOptions, "budgetTokens"> {
  /** Tokens that the kept messages and the summary may take; system messages count for none. */
  readonly historyTokens: number;
  /** First line of the summary. */
  readonly heading: string;
}

/** What of a conversation goes into the prompt. */
export interface HistoryPlan {
  /** Ascending indices of the messages to send. */
  readonly keep: readonly number[];
  /** What the others said, in short, under its heading; "" when none is left out. */
  readonly summary: string;
  /** Indices of messages that are left out and stand in the summary as a whole. */
  readonly summarised: readonly number[];
  readonly tokens: {
    /** Of all messages. */
    readonly before: number;
    /** Of the kept messages and the summary. */
    readonly after: number;
  };
}

/** Share of the budget that the summary may take, and the most it is worth in tokens. */
const SUMMARY_SHARE = 0.25;
const SUMMARY_TOKENS = 2_000;

/**
 * Replaces a long history by a summary and the latest messages: nothing is left out while everything
 * fits. Summary and cut change together and in steps (see {@link workingSet}), so that most turns only
 * append to the prompt of the turn before. Equal messages give an equal plan. Pure.
 */
export function planHistory(
  messages: readonly MessageView[],
  { historyTokens, heading, ...options }: HistoryOptions,
): HistoryPlan {
  const count = options.countTokens ?? estimateTokens;
  const summaryTokens = Math.min(SUMMARY_TOKENS, Math.floor(historyTokens * SUMMARY_SHARE));
  const highTokens = historyTokens - summaryTokens;
  const lowTokens = Math.floor(highTokens / 2);
  const keep = workingSet(messages, { firstTokens: historyTokens, highTokens, lowTokens });
  const before = sum(messages);
  if (keep.length === messages.length) {
    return { keep, summary: "", summarised: [], tokens: { before, after: before } };
  }
  const kept = new Set(keep);
  const left = messages.flatMap((view, at) => (kept.has(at) ? [] : [{ view, at }]));
  const headingTokens = count(`${heading}\n`);
  const summary = summarise(
    left.map(({ view }) => view),
    { ...options, budgetTokens: summaryTokens - headingTokens },
  );
  const said = summary.text !== "";
  const after = sum(keep.flatMap((at) => messages[at] ?? []));
  return {
    keep,
    summary: said ? `${heading}\n${summary.text}` : "",
    summarised: summary.whole.flatMap((place) => left[place]?.at ?? []),
    tokens: { before, after: after + (said ? headingTokens + summary.tokens : 0) },
  };
}

function sum(messages: readonly MessageView[]): number {
  return messages.reduce((total, { tokens }) => total + tokens, 0);
}
