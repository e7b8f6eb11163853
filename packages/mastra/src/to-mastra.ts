import type { HandedOver, Memory } from "@memcube/core";
import type { MastraDBMessage } from "@mastra/core/memory";
import type {
  ProcessInputStepArgs,
  ProcessLLMRequestArgs,
  ProcessOutputResultArgs,
} from "@mastra/core/processors";

import { asJson, MESSAGE_FORMAT, messageIdOf } from "./from-mastra.ts";

type Content = MastraDBMessage["content"];

/** What a turn keeps of a message of Mastra. */
interface KeptMessage {
  readonly role: MastraDBMessage["role"];
  readonly type?: string;
  readonly resourceId?: string;
  readonly content: Content;
}

/**
 * The message behind a turn: as it came when Mastra saved it, else (it was said through another
 * adapter, or corrected since) one that says the turn's text. `undefined` for other memories.
 */
export function toMessage({ header, payload }: Memory): MastraDBMessage | undefined {
  if (payload.type !== "turn") return undefined;
  const named = {
    id: messageIdOf(header.externalKey) ?? header.id,
    createdAt: new Date(header.sources[0]?.at ?? header.validFrom ?? header.createdAt),
    ...(payload.sessionId === undefined ? {} : { threadId: payload.sessionId }),
  };
  if (payload.original?.format === MESSAGE_FORMAT) {
    // Only this adapter writes the format; what it holds is checked as JSON by the cube.
    const kept = payload.original.value as unknown as KeptMessage;
    return { ...named, ...kept };
  }
  const role = payload.role === "tool" ? "assistant" : payload.role;
  return { ...named, role, content: textContent(payload.text) };
}

export function textContent(text: string): Content {
  return { format: 2, content: text, parts: [{ type: "text", text }] };
}

type Prompt = ProcessLLMRequestArgs["prompt"];

/** The prompt with a system message of its own moved to the beginning of the last user message. */
export function withVolatile(prompt: Prompt, volatile: string): Prompt {
  const rest = prompt.filter(({ role, content }) => role !== "system" || content !== volatile);
  const place = rest.findLastIndex(({ role }) => role === "user");
  const asked = rest[place];
  if (rest.length === prompt.length || asked?.role !== "user") return prompt;
  const block = { type: "text" as const, text: `${volatile}\n\n` };
  return rest.with(place, { ...asked, content: [block, ...asked.content] });
}

/** The provider of engines of ours, and its key in options and metadata of a call. */
const ENGINE = { provider: "memcube", key: "memcubeEngine" };

/** Name of an engine's model; `undefined` for other models. */
export function engineModel({
  provider,
  modelId,
}: ProcessLLMRequestArgs["model"]): string | undefined {
  return provider === ENGINE.provider ? modelId : undefined;
}

type ProviderOptions = NonNullable<ProcessInputStepArgs["providerOptions"]>;

/** With what an engine is asked; what the call says itself goes before it. */
export function withEngineRequest(
  options: ProviderOptions | undefined,
  request: HandedOver["request"],
): ProviderOptions {
  return { ...options, [ENGINE.key]: { ...asJson(request), ...options?.[ENGINE.key] } };
}

/** What an engine told of a step; `undefined` for other models. */
export function toldByEngine({
  providerMetadata,
}: ProcessOutputResultArgs["result"]["steps"][number]): unknown {
  return providerMetadata?.[ENGINE.key];
}
