import { type JsonValue, MemCubeError } from "@memcube/core";
import type {
  ChatHistoryItem,
  ChatModelFunctions,
  ChatModelResponse,
  ChatWrapper,
  LlamaModel,
} from "node-llama-cpp";

import type { Binding } from "./binding.ts";
import { toGrammarSchema } from "./grammar-schema.ts";
import type { ParsedRequest } from "./request.ts";

/** A request as the binding takes it. */
export interface Prompt {
  readonly history: ChatHistoryItem[];
  readonly functions: ChatModelFunctions | undefined;
  /** The model's own template, told to begin with a call where one is required. */
  readonly wrapper: ChatWrapper;
  readonly tokens: readonly number[];
}

/**
 * Writes a request in the words of the model's chat template.
 *
 * @throws MemCubeError `MEMCUBE_INVALID_INPUT` for a tool result without its call or a call without
 * its result, `MEMCUBE_NOT_SUPPORTED` for a schema no grammar can hold to
 */
export function renderPrompt(
  request: ParsedRequest,
  parts: { readonly model: LlamaModel; readonly wrapper: ChatWrapper; readonly binding: Binding },
): Prompt {
  const history = toHistory(request.messages);
  const documented = toFunctions(request);
  const functions = choose(documented, request.toolChoice);
  const wrapper =
    functions !== undefined && request.toolChoice !== "auto"
      ? beginWithCall(parts.wrapper, documented, parts.binding)
      : parts.wrapper;
  const { contextText } = wrapper.generateContextState({
    chatHistory: history,
    ...(functions === undefined ? {} : { availableFunctions: functions }),
  });
  return { history, functions, wrapper, tokens: contextText.tokenize(parts.model.tokenizer) };
}

/** Calls and their results belong to the answer of the model that goes on after them. */
function toHistory(messages: ParsedRequest["messages"]): ChatHistoryItem[] {
  const results = resultsOf(messages);
  const history: ChatHistoryItem[] = [];
  const answer = (): ChatModelResponse["response"] => {
    const last = history.at(-1);
    if (last?.type === "model") return last.response;
    const response: ChatModelResponse["response"] = [];
    history.push({ type: "model", response });
    return response;
  };
  for (const message of messages) {
    if (message.role === "tool") continue;
    if (message.role !== "assistant") {
      history.push({ type: message.role, text: message.text });
      continue;
    }
    const response = answer();
    if (message.text !== "") response.push(message.text);
    for (const { id, name, arguments: params } of message.toolCalls ?? []) {
      if (!results.has(id)) throw invalid(`the call ${id} of ${name} has no result`);
      response.push({ type: "functionCall", name, params, result: results.get(id) });
    }
  }
  answer();
  return history;
}

function resultsOf(messages: ParsedRequest["messages"]): ReadonlyMap<string, JsonValue> {
  const called = new Set<string>();
  const results = new Map<string, JsonValue>();
  for (const message of messages) {
    if (message.role === "assistant") for (const { id } of message.toolCalls ?? []) called.add(id);
    if (message.role !== "tool") continue;
    if (!called.has(message.callId)) throw invalid(`no call before has the id ${message.callId}`);
    results.set(message.callId, message.result);
  }
  return results;
}

function toFunctions({ tools = [] }: ParsedRequest): ChatModelFunctions {
  return Object.fromEntries(
    tools.map(({ name, description, parameters }) => [
      name,
      {
        params: toGrammarSchema(parameters),
        ...(description === undefined ? {} : { description }),
      },
    ]),
  );
}

/** The tools that may be called; `undefined` for none. */
function choose(
  tools: ChatModelFunctions,
  choice: ParsedRequest["toolChoice"],
): ChatModelFunctions | undefined {
  if (choice === "none") return undefined;
  const chosen = Object.entries(tools).filter(
    ([name]) => typeof choice !== "object" || name === choice.name,
  );
  if (chosen.length > 0) return Object.fromEntries(chosen);
  if (choice === "auto") return undefined;
  throw invalid("a tool is required, and there is none of that name");
}

/**
 * The same template, with the beginning of a call written before the model's first token. The prompt
 * tells of every tool, whichever is chosen: its state is the same then.
 */
function beginWithCall(
  wrapper: ChatWrapper,
  documented: ChatModelFunctions,
  { ChatWrapper, LlamaText }: Binding,
): ChatWrapper {
  class CallFirstWrapper extends ChatWrapper {
    override readonly wrapperName = wrapper.wrapperName;
    override readonly settings = wrapper.settings;

    override generateContextState(
      options: Parameters<ChatWrapper["generateContextState"]>[0],
    ): ReturnType<ChatWrapper["generateContextState"]> {
      const { contextText, stopGenerationTriggers } = wrapper.generateContextState({
        ...options,
        availableFunctions: documented,
      });
      return {
        contextText,
        stopGenerationTriggers,
        noPrefixTrigger: { type: "functionCall", inject: LlamaText([]) },
      };
    }
  }
  return new CallFirstWrapper();
}

function invalid(message: string): MemCubeError {
  return new MemCubeError("MEMCUBE_INVALID_INPUT", message, { details: { path: "messages" } });
}
