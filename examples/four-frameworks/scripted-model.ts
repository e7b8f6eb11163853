import type {
  LanguageModelV4,
  LanguageModelV4Prompt,
  LanguageModelV4StreamPart,
} from "@ai-sdk/provider";
import { simulateReadableStream } from "ai";

import { answer } from "./answer.ts";

/** A model of the AI SDK that needs nothing; put `openai("gpt-5.6-mini")` in its place. */
export function scriptedModel(): LanguageModelV4 {
  const generate = ({ prompt }: { readonly prompt: LanguageModelV4Prompt }) => ({
    content: [{ type: "text" as const, text: answer(textOf(prompt)) }],
    finishReason: { unified: "stop" as const, raw: "stop" },
    usage: { inputTokens: NO_TOKENS, outputTokens: NO_TOKENS },
    warnings: [],
  });
  return {
    specificationVersion: "v4",
    provider: "scripted",
    modelId: "best-line",
    supportedUrls: {},
    doGenerate: async (options) => await Promise.resolve(generate(options)),
    doStream: async (options) => {
      const { content, finishReason, usage } = generate(options);
      const chunks: LanguageModelV4StreamPart[] = [
        { type: "stream-start", warnings: [] },
        { type: "text-start", id: "1" },
        ...content.map(({ text }) => ({ type: "text-delta" as const, id: "1", delta: text })),
        { type: "text-end", id: "1" },
        { type: "finish", finishReason, usage },
      ];
      const stream = simulateReadableStream({ chunks });
      return await Promise.resolve({ stream });
    },
  };
}

const NO_TOKENS = {
  total: undefined,
  noCache: undefined,
  cacheRead: undefined,
  cacheWrite: undefined,
  text: undefined,
  reasoning: undefined,
};

function textOf(prompt: LanguageModelV4Prompt): string {
  return prompt
    .flatMap(({ content }) =>
      typeof content === "string"
        ? [content]
        : content.flatMap((part) => (part.type === "text" ? [part.text] : [])),
    )
    .join("\n");
}
