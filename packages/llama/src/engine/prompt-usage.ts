import { type EngineUsage, sha256Hex } from "@memcube/core";

import { type KvFilled, PAGE_TOKENS } from "../kv/types.ts";
import { tokensDigest } from "./offers.ts";
import type { Prompt } from "./prompt.ts";
import type { ParsedRequest } from "./request.ts";

/** What was kept of a prompt and what was computed; also why an offered state was not used. */
export type FilledPrompt = KvFilled & Pick<EngineUsage, "cacheMiss">;

/**
 * What a request cost before its answer. Waits until what it wrote is stored.
 *
 * @param about.stable tokens of the prompt that stay the same from request to request
 * @param about.inProcess whether what was computed is kept without a store
 */
export async function promptUsage(
  filled: FilledPrompt,
  about: {
    readonly prompt: Prompt;
    readonly request: Pick<ParsedRequest, "stableThrough">;
    readonly stable: number;
    readonly inProcess: boolean;
  },
): Promise<Omit<EngineUsage, "outputTokens">> {
  const { inProcess } = about;
  const { writtenTokens } = await filled.saved;
  const cacheMiss = filled.cacheMiss ?? filled.reason;
  return {
    promptTokens: about.prompt.tokens.length,
    cachedTokens: filled.keptTokens + filled.restoredTokens,
    writtenTokens: inProcess ? filled.prefilledTokens : writtenTokens,
    ...(filled.key === undefined ? {} : { stateKey: filled.key }),
    ...stableState(filled, about),
    ...(cacheMiss === undefined ? {} : { cacheMiss }),
  };
}

/** Names the kept state of the whole pages within so many tokens. */
function stableState(
  { keys = [] }: KvFilled,
  { prompt, request: { stableThrough }, stable }: Parameters<typeof promptUsage>[1],
): Pick<EngineUsage, "stableState"> {
  const pages = Math.min(Math.floor(stable / PAGE_TOKENS), keys.length);
  const key = keys[pages - 1];
  if (key === undefined || stableThrough === undefined) return {};
  const throughSha256 = sha256Hex(stableThrough);
  const tokens = pages * PAGE_TOKENS;
  const tokensSha256 = tokensDigest(prompt.tokens.slice(0, tokens));
  return { stableState: { throughSha256, key, tokens, tokensSha256 } };
}
