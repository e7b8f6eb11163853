import { type HandedOver, type InjectionPlan, type ResolvedScope, sha256Hex } from "@memcube/core";
import type {
  LanguageModelV4CallOptions,
  LanguageModelV4Prompt,
  SharedV4ProviderMetadata,
} from "@ai-sdk/provider";

import { ENGINE_KEY } from "./engine-options.ts";

/** Whether a plan leaves a call as it is. */
export function changesNothing(
  { stable, volatile, history }: InjectionPlan,
  prompt: LanguageModelV4Prompt,
  handed: HandedOver["request"] = {},
): boolean {
  const isWhole = (history?.keep.length ?? prompt.length) >= prompt.length;
  return stable === "" && volatile === "" && isWhole && Object.keys(handed).length === 0;
}

/**
 * The messages that the plan keeps, with both blocks: the stable one ends the leading system message, the volatile one opens
 * the last user message. Nothing of the prompt given is changed.
 */
export function placed(
  prompt: LanguageModelV4Prompt,
  { stable, volatile, history }: InjectionPlan,
): LanguageModelV4Prompt {
  const next = history?.keep.flatMap((place) => prompt[place] ?? []) ?? [...prompt];
  const user = next.findLastIndex(({ role }) => role === "user");
  const asked = next[user];
  if (volatile !== "" && asked?.role === "user") {
    const block = { type: "text" as const, text: `${volatile}\n\n` };
    next[user] = { ...asked, content: [block, ...asked.content] };
  }
  if (stable === "") return next;
  const [first] = next;
  if (first?.role !== "system") return [{ role: "system", content: stable }, ...next];
  next[0] = { ...first, content: `${first.content}\n\n${stable}` };
  return next;
}

/** With what an engine is asked; what the call says itself goes before it. */
export function withEngineRequest(
  params: LanguageModelV4CallOptions,
  request: HandedOver["request"],
): LanguageModelV4CallOptions {
  if (Object.keys(request).length === 0) return params;
  const { [ENGINE_KEY]: said, ...others } = params.providerOptions ?? {};
  const { lora, ...rest } = request;
  const chosen = lora === undefined ? {} : { lora: lora.map((one) => ({ ...one })) };
  const engine = { ...rest, ...chosen, ...said };
  return { ...params, providerOptions: { ...others, [ENGINE_KEY]: engine } };
}

/** What an engine told of a call; `undefined` for other models. */
export function toldByEngine(metadata: SharedV4ProviderMetadata | undefined): unknown {
  return metadata?.[ENGINE_KEY];
}

/** Providers that read `providerOptions.openai.promptCacheKey`. */
const CACHE_KEYED: ReadonlySet<string> = new Set(["openai", "azure"]);

/**
 * With a key by which the provider keeps requests about the same memory on the same cache, unless the
 * call has one. It tells nothing about whose memory it is.
 */
export function withCacheKey(
  params: LanguageModelV4CallOptions,
  provider: string,
  { caller, cube }: ResolvedScope,
): LanguageModelV4CallOptions {
  const [name = ""] = provider.split(/[.-]/);
  const { openai = {}, ...others } = params.providerOptions ?? {};
  if (!CACHE_KEYED.has(name) || openai["promptCacheKey"] !== undefined) return params;
  const whose = sha256Hex(JSON.stringify([caller.tenantId, caller.userId, cube]));
  const promptCacheKey = `memcube-${whose.slice(0, 32)}`;
  return { ...params, providerOptions: { ...others, openai: { ...openai, promptCacheKey } } };
}

/** What memory did for an answer, under `providerMetadata.memcube`. */
export interface MemCubeMetadata {
  readonly [key: string]: unknown;
  readonly hits: readonly {
    readonly cubeId: string;
    readonly id: string;
    readonly score: number;
  }[];
  /** Tokens of the two blocks. */
  readonly tokens: { readonly stable: number; readonly volatile: number };
  /** Tokens of the conversation; with `historyTokens`. */
  readonly history?: { readonly before: number; readonly after: number };
  /** Ids of the memories that the answer and its question became; left out when nothing was kept. */
  readonly saved?: readonly string[];
}

/** The metadata of an answer with what memory did. */
export function withReport(
  metadata: SharedV4ProviderMetadata | undefined,
  { hits, tokens, history }: InjectionPlan,
  saved: readonly string[] | undefined,
): SharedV4ProviderMetadata {
  const told = hits.map(({ memory: { header }, score }) => ({
    cubeId: header.cubeId,
    id: header.id,
    score,
  }));
  return {
    ...metadata,
    memcube: {
      hits: told,
      tokens: { ...tokens },
      ...(history && { history: { ...history.tokens } }),
      ...(saved && { saved: [...saved] }),
    },
  };
}
