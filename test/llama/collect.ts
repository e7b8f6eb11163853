import type { Engine, EnginePart, EngineRequest, EngineToolCall, EngineUsage } from "@memcube/core";

export interface Collected {
  readonly text: string;
  readonly calls: readonly EngineToolCall[];
  readonly reason: string;
  readonly usage: EngineUsage;
}

/** Reads an engine's answer to its end. */
export async function collect(
  engine: Engine,
  request: EngineRequest,
  signal?: AbortSignal,
): Promise<Collected> {
  const parts: EnginePart[] = [];
  for await (const part of engine.generate(request, signal === undefined ? {} : { signal })) {
    parts.push(part);
  }
  const last = parts.at(-1);
  if (last?.type !== "finish") throw new Error("an answer without a finish");
  return {
    text: parts.map((part) => (part.type === "text" ? part.delta : "")).join(""),
    calls: parts.flatMap((part) => (part.type === "tool-call" ? [part.call] : [])),
    reason: last.reason,
    usage: last.usage,
  };
}

/** A system message of so many facts: some 16 tokens each with the tiny models. */
export function facts(count: number, topic = "item"): string {
  const lines = Array.from({ length: count }, (_, at) => `fact ${at} is ${topic} ${at * 7}.`);
  return `You remember: ${lines.join(" ")}`;
}

/** A question after a long prefix, answered greedily. */
export function question(text: string, more: Partial<EngineRequest> = {}): EngineRequest {
  return {
    messages: [
      { role: "system", text: facts(60) },
      { role: "user", text },
    ],
    sampling: { maxTokens: 16 },
    ...more,
  };
}
