import { type KvFilled, type KvRequest, type KvSequence, PAGE_TOKENS } from "../kv/types.ts";
import { commonPrefix } from "./sequence.ts";

/** Whole pages of a prompt that are prefilled before it is answered: at least one token stays over. */
export function wholePages(promptTokens: number): number {
  const answerable = Math.max(0, promptTokens - 1);
  return answerable - (answerable % PAGE_TOKENS);
}

/** Tokens at the start of a sequence that are the prompt's and may be built upon. */
export function heldTokens(sequence: KvSequence, tokens: readonly number[]): number {
  return Math.min(commonPrefix(sequence.tokens(), tokens), sequence.exactTokens());
}

/** What a store does, without one: keeps the pages the sequence holds already, prefills the rest. */
export async function fillWithoutStore(
  sequence: KvSequence,
  { tokens, signal }: KvRequest,
): Promise<KvFilled> {
  const pages = tokens.length - (tokens.length % PAGE_TOKENS);
  const same = Math.min(heldTokens(sequence, tokens), pages);
  const kept = same - (same % PAGE_TOKENS);
  await sequence.truncate(kept);
  await sequence.prefill(tokens.slice(kept, pages), signal === undefined ? {} : { signal });
  return {
    keptTokens: kept,
    restoredTokens: 0,
    prefilledTokens: pages - kept,
    saved: Promise.resolve({ writtenTokens: 0 }),
  };
}
