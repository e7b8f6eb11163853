import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Prompt,
  LanguageModelV4StreamPart,
} from "@ai-sdk/provider";

/**
 * Stands for a language model, so that the example runs without a key: it answers a question with the
 * line of its prompt that shares most words with it. It knows nothing but its prompt.
 */
export function scriptedModel(): LanguageModelV4 {
  return {
    specificationVersion: "v4",
    provider: "scripted",
    modelId: "best-line",
    supportedUrls: {},
    async doGenerate({ prompt }) {
      const text = answer(prompt);
      const content = [{ type: "text" as const, text }];
      return await Promise.resolve({ content, finishReason: STOP, usage: USAGE, warnings: [] });
    },
    async doStream({ prompt, abortSignal }) {
      return await Promise.resolve({ stream: spoken(answer(prompt), abortSignal) });
    },
  };
}

const STOP = { unified: "stop", raw: "stop" } as const;
const USAGE = {
  inputTokens: {
    total: undefined,
    noCache: undefined,
    cacheRead: undefined,
    cacheWrite: undefined,
  },
  outputTokens: { total: undefined, text: undefined, reasoning: undefined },
};
const WORD_MS = 25;

function answer(prompt: LanguageModelV4Prompt): string {
  const lines = prompt.flatMap(({ role, content }) =>
    role === "user" ? content.flatMap((part) => (part.type === "text" ? part.text : [])) : [],
  );
  const question = lines.at(-1) ?? "";
  const upTo = Number(/count to (\d+)/i.exec(question)?.[1] ?? 0);
  if (upTo > 0) return Array.from({ length: upTo }, (_, index) => index + 1).join(" ");
  if (!question.trim().endsWith("?")) return "Noted.";
  const best = bestLine(question, lines.slice(0, -1).join("\n").split("\n"));
  return best === undefined ? "I don't know that." : `You told me: ${best}`;
}

function bestLine(question: string, lines: readonly string[]): string | undefined {
  const asked = wordsOf(question);
  let best: { readonly line: string; readonly shared: number } | undefined;
  for (const line of lines) {
    const said = line.replace(/^(user: |- )/, "").trim();
    // Questions and the assistant's own words answer nothing.
    if (said.endsWith("?") || said.startsWith("assistant:")) continue;
    const shared = [...wordsOf(said)].filter((word) => asked.has(word)).length;
    if (shared > (best?.shared ?? 1)) best = { line: said, shared };
  }
  return best?.line;
}

const SMALL = new Set(["the", "and", "what", "where", "which", "who", "was", "did", "are", "you"]);

function wordsOf(text: string): Set<string> {
  const words = text.toLowerCase().match(/[\p{L}\d]{3,}/gu) ?? [];
  return new Set(words.filter((word) => !SMALL.has(word)));
}

/** The words of an answer, one after the other. */
function spoken(
  text: string,
  signal: LanguageModelV4CallOptions["abortSignal"],
): ReadableStream<LanguageModelV4StreamPart> {
  const deltas = text.match(/\S+\s*/g) ?? [];
  return new ReadableStream({
    async start(controller) {
      controller.enqueue({ type: "stream-start", warnings: [] });
      controller.enqueue({ type: "text-start", id: "1" });
      for (const delta of deltas) {
        await new Promise((resolve) => setTimeout(resolve, WORD_MS));
        if (signal?.aborted === true) {
          controller.error(signal.reason);
          return;
        }
        controller.enqueue({ type: "text-delta", id: "1", delta });
      }
      controller.enqueue({ type: "text-end", id: "1" });
      controller.enqueue({ type: "finish", finishReason: STOP, usage: USAGE });
      controller.close();
    },
  });
}
