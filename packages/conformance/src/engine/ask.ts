import type {
  Engine,
  EngineCallOptions,
  EnginePart,
  EngineRequest,
  EngineToolCall,
  EngineUsage,
} from "@memcube/core";

import { assert } from "../kit/checks.ts";

export interface Answered {
  readonly parts: readonly EnginePart[];
  readonly text: string;
  readonly calls: readonly EngineToolCall[];
  readonly reason: "stop" | "length" | "tool-calls";
  readonly usage: EngineUsage;
}

/** Reads an answer to its end, which must be its one `finish`. */
export async function ask(
  engine: Engine,
  request: EngineRequest,
  options: EngineCallOptions = {},
): Promise<Answered> {
  const parts: EnginePart[] = [];
  for await (const part of engine.generate(request, options)) parts.push(part);
  const last = parts.at(-1);
  assert.ok(last?.type === "finish", "the last part is the finish");
  assert.equal(parts.filter(({ type }) => type === "finish").length, 1);
  return {
    parts,
    text: parts.map((part) => (part.type === "text" ? part.delta : "")).join(""),
    calls: parts.flatMap((part) => (part.type === "tool-call" ? [part.call] : [])),
    reason: last.reason,
    usage: last.usage,
  };
}

/** A prompt of some 1,000 tokens, so that there is a prefix worth keeping, and a short answer. */
export function longQuestion(text: string, more: Partial<EngineRequest> = {}): EngineRequest {
  const facts = Array.from({ length: 80 }, (_, at) => `Fact ${at} is that item ${at * 7} is blue.`);
  return {
    messages: [
      { role: "system", text: facts.join(" ") },
      { role: "user", text },
    ],
    sampling: { maxTokens: 8 },
    ...more,
  };
}

/** Asserts that a call rejects with the signal's reason. */
export async function abortsWith(reason: Error, call: Promise<unknown>): Promise<void> {
  assert.equal(await call.catch((error: unknown) => error), reason);
}
