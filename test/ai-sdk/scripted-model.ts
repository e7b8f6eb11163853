import type {
  LanguageModelV4Content,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from "@ai-sdk/provider";

/** Models whose answers are written down: what the AI SDK's own mocks are given. */

export const usage: LanguageModelV4Usage = {
  inputTokens: { total: 3, noCache: 3, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 2, text: 2, reasoning: undefined },
};

export const STOP = { unified: "stop", raw: "stop" } as const;
export const TOOL_CALLS = { unified: "tool-calls", raw: "tool_calls" } as const;

export function says(
  text: string,
  more: Partial<LanguageModelV4GenerateResult> = {},
): LanguageModelV4GenerateResult {
  return { content: [{ type: "text", text }], finishReason: STOP, usage, warnings: [], ...more };
}

export function calls(
  toolName: string,
  input: object,
  toolCallId = "call-1",
): LanguageModelV4GenerateResult {
  const call: LanguageModelV4Content = {
    type: "tool-call",
    toolCallId,
    toolName,
    input: JSON.stringify(input),
  };
  return { content: [call], finishReason: TOOL_CALLS, usage, warnings: [] };
}

/** The parts of a streamed answer. */
export function streamed(
  deltas: readonly string[],
  finishReason: { unified: "stop" | "length" | "error"; raw: string } = STOP,
): LanguageModelV4StreamPart[] {
  return [
    { type: "stream-start", warnings: [] },
    { type: "text-start", id: "1" },
    ...deltas.map((delta) => ({ type: "text-delta" as const, id: "1", delta })),
    { type: "text-end", id: "1" },
    { type: "finish", finishReason, usage },
  ];
}

/** A source that gives a part each time it is asked, and counts. */
export function pulledSource(
  parts: readonly LanguageModelV4StreamPart[],
  pause: () => Promise<void> = async () => await Promise.resolve(),
): {
  readonly stream: ReadableStream<LanguageModelV4StreamPart>;
  readonly seen: { pulled: number; cancelled: unknown[] };
} {
  const seen = { pulled: 0, cancelled: [] as unknown[] };
  const stream = new ReadableStream<LanguageModelV4StreamPart>({
    async pull(controller) {
      await pause();
      const part = parts[seen.pulled];
      seen.pulled += 1;
      if (part === undefined) controller.close();
      else controller.enqueue(part);
    },
    cancel(reason) {
      seen.cancelled.push(reason);
    },
  });
  return { stream, seen };
}
