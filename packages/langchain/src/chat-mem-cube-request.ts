import {
  type EngineMessage,
  type EngineRequest,
  type EngineSampling,
  type EngineTool,
  type EngineToolCall,
  type JsonObject,
  MemCubeError,
} from "@memcube/core";
import {
  AIMessage,
  type BaseMessage,
  ChatMessage,
  SystemMessage,
  ToolMessage,
} from "@langchain/core/messages";
import { convertToOpenAITool } from "@langchain/core/utils/function_calling";

import type { ChatMemCubeCallOptions, ChatMemCubeSettings } from "./chat-mem-cube-options.ts";

const SAMPLING = ["temperature", "topP", "topK", "seed", "maxTokens", "stop"] as const;

type CallOptions = Omit<ChatMemCubeCallOptions, "signal">;

/** Messages and options as the engine takes them; what a call says goes before the model's settings. */
export function toEngineRequest(
  messages: readonly BaseMessage[],
  settings: ChatMemCubeSettings,
  options: CallOptions,
): EngineRequest {
  const { tools = [], tool_choice: choice, responseFormat } = options;
  const said = { ...settings, ...given(options) };
  const sampling: EngineSampling = pick(said, SAMPLING);
  return {
    messages: messages.map(toMessage),
    sampling,
    ...pick(said, ["lora", "cachePrompt", "cacheScope", "stableThrough"]),
    ...(tools.length === 0 ? {} : { tools: tools.map(toTool) }),
    ...(choice === undefined ? {} : { toolChoice: toToolChoice(choice) }),
    ...(responseFormat === undefined ? {} : { responseFormat }),
  };
}

function given<Options extends object>(options: Options): Partial<Options> {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Partial<Options>;
}

function pick<From extends object, Name extends keyof From>(
  from: From,
  names: readonly Name[],
): Partial<Pick<From, Name>> {
  const kept = names.filter((name) => from[name] !== undefined);
  return Object.fromEntries(kept.map((name) => [name, from[name]])) as Partial<Pick<From, Name>>;
}

function toMessage(message: BaseMessage): EngineMessage {
  const text = textOf(message);
  if (SystemMessage.isInstance(message)) return { role: "system", text };
  if (ToolMessage.isInstance(message)) {
    return { role: "tool", callId: message.tool_call_id, result: text };
  }
  if (AIMessage.isInstance(message)) {
    const toolCalls = (message.tool_calls ?? []).map(toCall);
    return { role: "assistant", text, ...(toolCalls.length === 0 ? {} : { toolCalls }) };
  }
  const role = ChatMessage.isInstance(message) ? message.role : "user";
  return { role: role === "system" || role === "assistant" ? role : "user", text };
}

/** @throws MemCubeError `MEMCUBE_NOT_SUPPORTED` for pictures and sound: the engine reads text */
function textOf(message: BaseMessage): string {
  const { content } = message;
  const spoken = new Set(["text", "reasoning", "thinking", "tool_use", "tool_call"]);
  const other =
    typeof content === "string" ? undefined : content.find(({ type }) => !spoken.has(type));
  if (other === undefined) return message.text;
  throw new MemCubeError("MEMCUBE_NOT_SUPPORTED", `the engine reads text, not: ${other.type}`, {
    details: { what: other.type },
  });
}

function toCall({
  id = "",
  name,
  args,
}: NonNullable<AIMessage["tool_calls"]>[number]): EngineToolCall {
  return { id, name, arguments: args as JsonObject };
}

function toTool(tool: NonNullable<ChatMemCubeCallOptions["tools"]>[number]): EngineTool {
  const { name, description, parameters } = convertToOpenAITool(
    tool as Parameters<typeof convertToOpenAITool>[0],
  ).function;
  return {
    name,
    ...(description === undefined ? {} : { description }),
    parameters: (parameters ?? { type: "object", properties: {} }) as JsonObject,
  };
}

function toToolChoice(
  choice: NonNullable<ChatMemCubeCallOptions["tool_choice"]>,
): EngineRequest["toolChoice"] {
  if (choice === "any") return "required";
  if (choice === "auto" || choice === "none" || choice === "required") return choice;
  if (typeof choice === "string") return { name: choice };
  const named = choice as {
    readonly name?: string;
    readonly function?: { readonly name?: string };
  };
  const name = named.function?.name ?? named.name;
  return name === undefined ? "auto" : { name };
}
