import {
  memoryText,
  type HandedOver,
  type Hit,
  type InjectionPlan,
  type Memory,
} from "@memcube/core";
import { Document } from "@langchain/core/documents";
import {
  AIMessage,
  HumanMessage,
  SystemMessage,
  ToolMessage,
  type BaseMessage,
} from "@langchain/core/messages";

import { ENGINE_KEY } from "./chat-mem-cube-answer.ts";
import { given } from "./options.ts";

/** A prompt of an agent: what a plan is placed into. */
export interface Prompt {
  readonly systemMessage: SystemMessage;
  readonly messages: BaseMessage[];
}

/**
 * The prompt with a plan in it: the stable block ends the system message, the volatile one opens the last
 * message that a person wrote, and of a long history only what the plan keeps is there. Nothing of the
 * prompt given is changed.
 */
export function placed<Given extends Prompt>(
  prompt: Given,
  { stable, volatile, history }: InjectionPlan,
): Given {
  const messages =
    history === undefined
      ? [...prompt.messages]
      : history.keep.flatMap((at) => prompt.messages[at] ?? []);
  const asked = messages.findLastIndex(({ type }) => type === "human");
  const message = messages[asked];
  const opened = volatile !== "" && message !== undefined;
  if (opened) messages[asked] = opening(message, volatile);
  const systemMessage = [stable, opened ? "" : volatile].reduce(ending, prompt.systemMessage);
  return { ...prompt, systemMessage, messages };
}

/** The call with what an engine is asked with; settings that it has go before that. */
export function withEngineRequest<
  Given extends { readonly modelSettings?: Readonly<Record<string, unknown>> },
>(call: Given, request: HandedOver["request"]): Given {
  if (Object.keys(request).length === 0) return call;
  return { ...call, modelSettings: { ...request, ...call.modelSettings } };
}

/** What an engine told of an answer; `undefined` for other models. */
export function toldByEngine(answer: unknown): unknown {
  return AIMessage.isInstance(answer) ? answer.response_metadata[ENGINE_KEY] : undefined;
}

function ending(message: SystemMessage, block: string): SystemMessage {
  if (block === "") return message;
  const empty = message.content === "" || message.content.length === 0;
  return message.concat(new SystemMessage(empty ? block : `\n\n${block}`));
}

function opening(message: BaseMessage, block: string): HumanMessage {
  const { content, id, name, additional_kwargs, response_metadata } = message;
  const text = `${block}\n\n`;
  return new HumanMessage({
    content: typeof content === "string" ? text + content : [{ type: "text", text }, ...content],
    additional_kwargs,
    response_metadata,
    ...(id === undefined ? {} : { id }),
    ...(name === undefined ? {} : { name }),
  });
}

/** Where a memory comes from, in the metadata of its document. */
export interface MemoryProvenance {
  readonly id: string;
  readonly cubeId: string;
  /** Semantic type: turn, fact, preference, document, ... */
  readonly type: string;
  readonly version: number;
  /** Comparable within one answer; left out for a memory that was not searched for. */
  readonly score?: number;
  /** ISO 8601: when it was said or written, else when it was noted. */
  readonly at: string;
  readonly owner: string;
  readonly tags: readonly string[];
  readonly speaker?: string;
  readonly sessionId?: string;
}

/** Metadata of a document: what it was added with, and its provenance. */
export interface MemoryMetadata {
  /** Address of a document, or id of the message in the system it came from. */
  readonly source?: string;
  readonly title?: string;
  readonly memory: MemoryProvenance;
  readonly [key: string]: unknown;
}

/** A memory as a document: what it says, with its provenance. */
export function toDocument(memory: Memory, score?: number): Document<MemoryMetadata> {
  const { header, payload, version } = memory;
  const [source] = header.sources;
  const turn = payload.type === "turn" ? payload : undefined;
  const document = payload.type === "document" ? payload : undefined;
  const provenance: MemoryProvenance = {
    id: header.id,
    cubeId: header.cubeId,
    type: header.type,
    version: version.number,
    at: new Date(source?.at ?? header.validFrom ?? header.createdAt).toISOString(),
    owner: header.owner,
    tags: header.tags,
    ...given({
      score,
      speaker: turn?.speaker ?? turn?.role,
      sessionId: turn?.sessionId ?? source?.sessionId,
    }),
  };
  return new Document({
    id: header.id,
    pageContent: memoryText(payload),
    metadata: {
      ...given({ source: document?.uri ?? source?.id, title: document?.title }),
      ...ownMetadata(memory),
      memory: provenance,
    },
  });
}

export function hitToDocument({ memory, score }: Hit): Document<MemoryMetadata> {
  return toDocument(memory, score);
}

/** What a vector store was given beside the text. */
function ownMetadata({ payload }: Memory): Readonly<Record<string, unknown>> {
  if (payload.type !== "json") return {};
  const { value } = payload;
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as Readonly<Record<string, unknown>>) : {};
}

/** A remembered turn as a message; `undefined` for any other memory. */
export function toMessage({ header, payload }: Memory): BaseMessage | undefined {
  if (payload.type !== "turn") return undefined;
  const { text, role, speaker, toolCalls = [], toolResult } = payload;
  const id = header.sources[0]?.id ?? header.id;
  const fields = { content: text, id, ...given({ name: speaker }) };
  switch (role) {
    case "user":
      return new HumanMessage(fields);
    case "system":
      return new SystemMessage(fields);
    case "tool":
      return new ToolMessage({ ...fields, tool_call_id: toolResult?.id ?? "" });
    case "assistant": {
      const calls = toolCalls.map(({ id, name, input }) => ({
        id,
        name,
        args: input as Record<string, unknown>,
        type: "tool_call" as const,
      }));
      // Calls without words are remembered by their names and arguments: nobody said those.
      const called = toolCalls.map(({ name, input }) => `${name} ${JSON.stringify(input)}`);
      const content = text === called.join("\n") ? "" : text;
      return new AIMessage({ ...fields, content, tool_calls: calls });
    }
  }
}
