import type {
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4Prompt,
  LanguageModelV4StreamPart,
} from "@ai-sdk/provider";
import { simulateReadableStream } from "ai";
import { MockLanguageModelV4 } from "ai/test";

const USAGE = {
  inputTokens: { total: 3, noCache: 3, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 2, text: 2, reasoning: undefined },
};

/** What a scripted model says next: words, or a call of a tool. */
export type Said = string | { readonly tool: string; readonly input: unknown };

/** A model that says its answers in turn, whole or as a stream. */
export function scriptedModel(answers: readonly Said[]): MockLanguageModelV4 {
  const left = [...answers];
  const next = () => {
    const said = left.shift();
    if (said === undefined) throw new Error("The script has ended.");
    return said;
  };
  return new MockLanguageModelV4({
    doGenerate: async () => {
      const said = next();
      return await Promise.resolve({ ...whole(said), usage: USAGE, warnings: [] });
    },
    doStream: async () => {
      const said = next();
      const { content, finishReason } = whole(said);
      const chunks: LanguageModelV4StreamPart[] = [
        { type: "stream-start", warnings: [] },
        ...content.flatMap(partsOf),
        { type: "finish", finishReason, usage: USAGE },
      ];
      const options = { chunks, initialDelayInMs: null, chunkDelayInMs: null };
      return await Promise.resolve({ stream: simulateReadableStream(options) });
    },
  });
}

/** Every prompt the model got, as `role: text` lines. */
export function promptsOf(model: MockLanguageModelV4): string[] {
  const calls = [...model.doGenerateCalls, ...model.doStreamCalls];
  return calls.map(({ prompt }) => lines(prompt));
}

function lines(prompt: LanguageModelV4Prompt): string {
  return prompt
    .map(({ role, content }) => {
      if (typeof content === "string") return `${role}: ${content}`;
      const said = content.map((part) => (part.type === "text" ? part.text : part.type));
      return `${role}: ${said.join(" ")}`;
    })
    .join("\n");
}

/** Text comes word by word. */
function partsOf(content: LanguageModelV4Content): LanguageModelV4StreamPart[] {
  if (content.type === "tool-call") return [content];
  if (content.type !== "text") return [];
  const words = content.text.split(/(?<= )/);
  return [
    { type: "text-start", id: "1" },
    ...words.map((delta) => ({ type: "text-delta" as const, id: "1", delta })),
    { type: "text-end", id: "1" },
  ];
}

function whole(said: Said): {
  readonly content: LanguageModelV4Content[];
  readonly finishReason: LanguageModelV4FinishReason;
} {
  if (typeof said === "string") {
    const finishReason = { unified: "stop" as const, raw: "stop" };
    return { content: [{ type: "text", text: said }], finishReason };
  }
  const input = JSON.stringify(said.input);
  const call = { type: "tool-call" as const, toolCallId: "c1", toolName: said.tool, input };
  return { content: [call], finishReason: { unified: "tool-calls", raw: "tool_calls" } };
}
