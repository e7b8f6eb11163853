import type { EnginePart, EngineUsage } from "@memcube/core";
import type {
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
  SharedV4Warning,
} from "@ai-sdk/provider";

import { ENGINE_KEY } from "./engine-options.ts";

/** Text and reasoning come in blocks that are opened and closed. */
type Block = "text" | "reasoning";

/** Turns an engine's parts into those of an AI SDK stream. */
export async function* toStreamParts(
  parts: AsyncIterable<EnginePart>,
  warnings: SharedV4Warning[],
): AsyncGenerator<LanguageModelV4StreamPart, void, undefined> {
  yield { type: "stream-start", warnings };
  let open: { readonly type: Block; readonly id: string } | undefined;
  let blocks = 0;
  for await (const part of parts) {
    const block = part.type === "text" || part.type === "reasoning" ? part.type : undefined;
    if (open !== undefined && open.type !== block) {
      yield { type: `${open.type}-end`, id: open.id };
      open = undefined;
    }
    if (part.type === "text" || part.type === "reasoning") {
      if (open === undefined) {
        open = { type: part.type, id: `${blocks++}` };
        yield { type: `${open.type}-start`, id: open.id };
      }
      yield { type: `${open.type}-delta`, id: open.id, delta: part.delta };
    } else if (part.type === "tool-call") {
      yield* toCall(part);
    } else {
      const { reason, usage } = part;
      yield { type: "finish", finishReason: toReason(reason), ...toUsage(usage) };
    }
  }
}

function* toCall({ call }: Extract<EnginePart, { type: "tool-call" }>) {
  const { id, name: toolName } = call;
  const input = JSON.stringify(call.arguments);
  yield { type: "tool-input-start", id, toolName } as const;
  yield { type: "tool-input-delta", id, delta: input } as const;
  yield { type: "tool-input-end", id } as const;
  yield { type: "tool-call", toolCallId: id, toolName, input } as const;
}

/** The whole answer at once. */
export async function toResult(
  parts: AsyncIterable<EnginePart>,
): Promise<
  Pick<LanguageModelV4GenerateResult, "content" | "finishReason" | "usage" | "providerMetadata">
> {
  const content: LanguageModelV4Content[] = [];
  for await (const part of parts) {
    if (part.type === "finish") {
      return { content, finishReason: toReason(part.reason), ...toUsage(part.usage) };
    }
    if (part.type === "tool-call") {
      const { id: toolCallId, name: toolName, arguments: input } = part.call;
      content.push({ type: "tool-call", toolCallId, toolName, input: JSON.stringify(input) });
      continue;
    }
    const last = content.at(-1);
    if (last?.type === part.type) last.text += part.delta;
    else content.push({ type: part.type, text: part.delta });
  }
  const reason = { unified: "interrupted", raw: undefined } as const;
  return { content, finishReason: reason, usage: UNKNOWN_USAGE };
}

const UNKNOWN_USAGE: LanguageModelV4Usage = {
  inputTokens: {
    total: undefined,
    noCache: undefined,
    cacheRead: undefined,
    cacheWrite: undefined,
  },
  outputTokens: { total: undefined, text: undefined, reasoning: undefined },
};

function toReason(reason: "stop" | "length" | "tool-calls"): LanguageModelV4FinishReason {
  return { unified: reason, raw: reason };
}

function toUsage({
  promptTokens,
  cachedTokens,
  writtenTokens,
  outputTokens,
  cacheMiss,
  stableState,
}: EngineUsage) {
  const told = {
    ...(cacheMiss === undefined ? {} : { cacheMiss }),
    ...(stableState === undefined ? {} : { stableState: { ...stableState } }),
  };
  return {
    usage: {
      inputTokens: {
        total: promptTokens,
        noCache: promptTokens - cachedTokens,
        cacheRead: cachedTokens,
        cacheWrite: writtenTokens,
      },
      outputTokens: { total: outputTokens, text: undefined, reasoning: undefined },
    },
    ...(Object.keys(told).length === 0 ? {} : { providerMetadata: { [ENGINE_KEY]: told } }),
  };
}
