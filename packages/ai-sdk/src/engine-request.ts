import type {
  EngineMessage,
  EngineRequest,
  EngineTool,
  JsonObject,
  JsonValue,
} from "@memcube/core";
import {
  type LanguageModelV4CallOptions,
  type LanguageModelV4Message,
  type LanguageModelV4ToolResultOutput,
  type LanguageModelV4ToolResultPart,
  type SharedV4Warning,
  UnsupportedFunctionalityError,
} from "@ai-sdk/provider";

import { engineOptions } from "./engine-options.ts";

/** A call as the engine takes it, and what of it the engine can't do. */
export function toEngineRequest(options: LanguageModelV4CallOptions): {
  readonly request: EngineRequest;
  readonly warnings: SharedV4Warning[];
} {
  const { responseFormat, toolChoice } = options;
  const tools = toTools(options);
  const request: EngineRequest = {
    messages: joined(options.prompt.flatMap(toMessages)),
    ...(tools.length === 0 ? {} : { tools }),
    ...(toolChoice === undefined ? {} : { toolChoice: toToolChoice(toolChoice) }),
    ...(responseFormat?.type === "json"
      ? { responseFormat: { type: "json", ...schemaOf(responseFormat.schema) } }
      : {}),
    sampling: {
      ...present("temperature", options.temperature),
      ...present("topP", options.topP),
      ...present("topK", options.topK),
      ...present("seed", options.seed),
      ...present("maxTokens", options.maxOutputTokens),
      ...present("stop", options.stopSequences),
    },
    ...engineOptions(options),
  };
  return { request, warnings: warningsOf(options) };
}

function present<Name extends string, Value>(name: Name, value: Value | undefined) {
  return (value === undefined ? {} : { [name]: value }) as Partial<Record<Name, Value>>;
}

function schemaOf(schema: unknown): { readonly schema?: JsonObject } {
  return schema === undefined ? {} : { schema: schema as JsonObject };
}

function toToolChoice(
  choice: NonNullable<LanguageModelV4CallOptions["toolChoice"]>,
): EngineRequest["toolChoice"] {
  return choice.type === "tool" ? { name: choice.toolName } : choice.type;
}

function toTools({ tools = [] }: LanguageModelV4CallOptions): readonly EngineTool[] {
  return tools.flatMap((tool) =>
    tool.type === "function"
      ? [
          {
            name: tool.name,
            ...present("description", tool.description),
            parameters: tool.inputSchema as JsonObject,
          },
        ]
      : [],
  );
}

function toMessages(message: LanguageModelV4Message): readonly EngineMessage[] {
  switch (message.role) {
    case "system":
      return [{ role: "system", text: message.content }];
    case "user":
      return [{ role: "user", text: textOf(message.content) }];
    case "assistant":
      return fromAssistant(message.content);
    case "tool":
      return message.content.flatMap((part) =>
        part.type === "tool-result" ? [toResult(part)] : [],
      );
  }
}

/** Frameworks begin with several system messages, an engine takes one. */
function joined(messages: readonly EngineMessage[]): readonly EngineMessage[] {
  const other = messages.findIndex(({ role }) => role !== "system");
  const leading = messages.slice(0, other === -1 ? messages.length : other);
  if (leading.length < 2) return messages;
  const text = leading.map((each) => (each.role === "system" ? each.text : "")).join("\n\n");
  return [{ role: "system", text }, ...messages.slice(leading.length)];
}

type AssistantContent = Extract<LanguageModelV4Message, { role: "assistant" }>["content"];

/** What a model thought on its way belongs to the turn in which it was thought. */
function fromAssistant(content: AssistantContent): readonly EngineMessage[] {
  const text = content.map((part) => (part.type === "text" ? part.text : "")).join("");
  const toolCalls = content.flatMap((part) =>
    part.type === "tool-call"
      ? [{ id: part.toolCallId, name: part.toolName, arguments: part.input as JsonObject }]
      : [],
  );
  const results = content.flatMap((part) => (part.type === "tool-result" ? [toResult(part)] : []));
  const said = { role: "assistant" as const, text };
  return [toolCalls.length === 0 ? said : { ...said, toolCalls }, ...results];
}

function textOf(content: Extract<LanguageModelV4Message, { role: "user" }>["content"]): string {
  return content
    .map((part) => {
      if (part.type === "text") return part.text;
      if (part.data.type === "text") return part.data.text;
      throw new UnsupportedFunctionalityError({ functionality: `files of ${part.mediaType}` });
    })
    .join("\n");
}

function toResult({ toolCallId, output }: LanguageModelV4ToolResultPart): EngineMessage {
  return { role: "tool", callId: toolCallId, result: resultOf(output) };
}

function resultOf(output: LanguageModelV4ToolResultOutput): JsonValue {
  switch (output.type) {
    case "text":
    case "json":
      return output.value as JsonValue;
    case "error-text":
    case "error-json":
      return { error: output.value as JsonValue };
    case "execution-denied":
      return { denied: output.reason ?? true };
    case "content":
      return output.value.map((part) => (part.type === "text" ? part.text : "")).join("\n");
  }
}

function warningsOf(options: LanguageModelV4CallOptions): SharedV4Warning[] {
  const { presencePenalty, frequencyPenalty, reasoning = "provider-default", tools = [] } = options;
  const unsupported = [
    ...(presencePenalty === undefined ? [] : ["presencePenalty"]),
    ...(frequencyPenalty === undefined ? [] : ["frequencyPenalty"]),
    ...(reasoning === "provider-default" ? [] : ["reasoning"]),
    ...tools.flatMap((tool) => (tool.type === "provider" ? [`provider tool ${tool.id}`] : [])),
  ];
  return unsupported.map((feature) => ({ type: "unsupported" as const, feature }));
}
