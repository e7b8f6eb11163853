import { createHash } from "node:crypto";
import { type EnginePart, type EngineToolCall, type JsonObject, MemCubeError } from "@memcube/core";
import type { LlamaChatResponse, LlamaGrammar } from "node-llama-cpp";

import type { Binding } from "./binding.ts";
import { engineStep } from "./errors.ts";
import type { Prompt } from "./prompt.ts";
import type { ParsedRequest } from "./request.ts";
import type { EngineSequence } from "./sequence.ts";

export interface Answer {
  readonly reason: "stop" | "length" | "tool-calls";
  readonly outputTokens: number;
}

export interface AnswerInput {
  readonly binding: Binding;
  readonly sequence: EngineSequence;
  readonly prompt: Prompt;
  readonly request: ParsedRequest;
  readonly grammar: LlamaGrammar | undefined;
  readonly signal: AbortSignal;
}

/**
 * Lets the model answer. The sequence holds the whole pages of the prompt; the rest of it is one batch,
 * whose length depends on nothing but the prompt's.
 */
export async function answer(
  input: AnswerInput,
  emit: (part: EnginePart) => void,
): Promise<Answer> {
  const { binding, sequence, prompt, signal } = input;
  const { native } = sequence;
  const before = native.tokenMeter.getState();
  const chat = new binding.LlamaChat({
    contextSequence: native,
    chatWrapper: prompt.wrapper,
  });
  try {
    const response = await engineStep("the model failed", signal, () =>
      chat.generateResponse(prompt.history, {
        ...chatOptions(input),
        onResponseChunk: ({ type, segmentType, text }) => {
          if (text === "") return;
          if (type === undefined) emit({ type: "text", delta: text });
          else if (segmentType === "thought") emit({ type: "reasoning", delta: text });
        },
      }),
    );
    const calls = callsOf(response, prompt.tokens);
    for (const call of calls) emit({ type: "tool-call", call });
    const { usedOutputTokens } = native.tokenMeter.diff(before);
    return { reason: reasonOf(response), outputTokens: usedOutputTokens };
  } finally {
    chat.dispose();
    sequence.keepExact(prompt.tokens);
  }
}

function chatOptions({ prompt, request, grammar, signal, sequence }: AnswerInput) {
  const { temperature = 0, topP, topK, seed, maxTokens = Infinity, stop } = request.sampling;
  const room = sequence.shape.capacityTokens - prompt.tokens.length - 1;
  return {
    signal,
    temperature,
    ...(topP === undefined ? {} : { topP }),
    ...(topK === undefined ? {} : { topK }),
    ...(seed === undefined ? {} : { seed }),
    ...(stop === undefined ? {} : { customStopTriggers: stop }),
    maxTokens: Math.min(maxTokens, room),
    // Greedy is the likeliest token each time, whatever the binding's default may become.
    repeatPenalty: false as const,
    contextShift: { strategy: refuseToForget },
    ...(grammar === undefined
      ? prompt.functions === undefined
        ? {}
        : { functions: prompt.functions }
      : { grammar }),
  };
}

/** The binding would drop the middle of the conversation; an answer must not depend on that. */
function refuseToForget(): never {
  throw new MemCubeError("MEMCUBE_LIMIT_EXCEEDED", "the context has no room for the answer");
}

type Response = LlamaChatResponse<Record<string, object>>;

function reasonOf({ metadata }: Pick<Response, "metadata">): Answer["reason"] {
  if (metadata.stopReason === "functionCalls") return "tool-calls";
  return metadata.stopReason === "maxTokens" ? "length" : "stop";
}

/** Ids are unique in a conversation and the same for the same call at the same place of it. */
function callsOf(
  response: Pick<Response, "metadata"> & { readonly functionCalls?: unknown },
  promptTokens: readonly number[],
): readonly EngineToolCall[] {
  const calls = (response.functionCalls ?? []) as readonly {
    readonly functionName: string;
    readonly params: JsonObject | undefined;
  }[];
  return calls.map(({ functionName, params = {} }, index) => {
    const place = createHash("sha256")
      .update(`${index} ${promptTokens.join(" ")}`)
      .digest("hex");
    return { id: `call_${place.slice(0, 24)}`, name: functionName, arguments: params };
  });
}
