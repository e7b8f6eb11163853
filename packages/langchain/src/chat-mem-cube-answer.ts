import type { EnginePart, EngineUsage } from "@memcube/core";
import { AIMessageChunk, type UsageMetadata } from "@langchain/core/messages";
import { ChatGenerationChunk } from "@langchain/core/outputs";

const PROVIDER = "memcube";
/** Under which the engine's word stands in `response_metadata`. */
export const ENGINE_KEY = "memcube_engine";

/**
 * One part of an answer as a chunk of LangChain.
 *
 * @param index of the tool call in the answer
 */
export function toChunk(part: EnginePart, modelName: string, index: number): ChatGenerationChunk {
  switch (part.type) {
    case "text":
      return chunk(part.delta, new AIMessageChunk({ content: part.delta }));
    case "reasoning":
      return chunk(
        "",
        new AIMessageChunk({ content: "", additional_kwargs: { reasoning_content: part.delta } }),
      );
    case "tool-call": {
      const { id, name, arguments: args } = part.call;
      const call = {
        type: "tool_call_chunk",
        index,
        id,
        name,
        args: JSON.stringify(args),
      } as const;
      return chunk("", new AIMessageChunk({ content: "", tool_call_chunks: [call] }));
    }
    case "finish":
      return chunk(
        "",
        new AIMessageChunk({
          content: "",
          usage_metadata: toUsage(part.usage),
          response_metadata: {
            model_provider: PROVIDER,
            model_name: modelName,
            finish_reason: part.reason,
            ...told(part.usage),
          },
        }),
      );
  }
}

/** What of an engine's usage LangChain has no place for, for the middleware. */
function told({ stableState }: EngineUsage): Readonly<Record<string, unknown>> {
  return stableState === undefined ? {} : { [ENGINE_KEY]: { stableState: { ...stableState } } };
}

function chunk(text: string, message: AIMessageChunk): ChatGenerationChunk {
  return new ChatGenerationChunk({ text, message });
}

function toUsage(usage: EngineUsage): UsageMetadata {
  const { promptTokens, cachedTokens, writtenTokens, outputTokens } = usage;
  return {
    input_tokens: promptTokens,
    output_tokens: outputTokens,
    total_tokens: promptTokens + outputTokens,
    input_token_details: { cache_read: cachedTokens, cache_creation: writtenTokens },
  };
}
