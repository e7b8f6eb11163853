import { type Fields, fieldsField, isFields, textField } from "../fields.ts";
import { reject, skip } from "../outcome.ts";
import { callPieces } from "../pieces.ts";
import { readUtterance, type Utterance } from "../utterance.ts";
import { timeOf } from "./message-fields.ts";
import type { Shape } from "./shape.ts";

/** LangChain's message types, by class name for the serialised form. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ["HumanMessage", "human"],
  ["AIMessage", "ai"],
  ["SystemMessage", "system"],
  ["ToolMessage", "tool"],
  ["FunctionMessage", "function"],
  ["ChatMessage", "generic"],
  ["RemoveMessage", "remove"],
]);
const TYPE_NAMES: ReadonlySet<string> = new Set([...TYPES.values(), "chat", "developer"]);

/**
 * Messages of LangChain: class instances, `JSON.stringify` of them (`{ lc: 1, id, kwargs }`), stored
 * messages (`{ type, data }`) and the flat form of LangGraph's server (`{ type, content }`).
 */
export const langchainMessage: Shape<Fields> = {
  name: "langchain",
  matches: (value): value is Fields => isFields(value) && typeOf(value) !== undefined,
  read(message, position, reading) {
    if (typeOf(message) === "remove") return [skip(position, "no-message")];
    const said = langchainUtterance(message);
    if (said === undefined) return [reject(position, "malformed", "the message has no fields")];
    return readUtterance(said, position, reading);
  },
};

/** The message's fields by their meaning; `undefined` when it has none. */
export function langchainUtterance(message: Fields): Utterance | undefined {
  const type = typeOf(message) ?? "";
  const serialised = message["lc"] === 1 && message["type"] === "constructor";
  const fields = serialised ? message["kwargs"] : (message["data"] ?? message);
  if (!isFields(fields)) return undefined;
  const extra = fieldsField(fields, "additional_kwargs") ?? {};
  const name = textField(fields, "name");
  const generic = type === "generic" || type === "chat";
  const callId = textField(fields, "tool_call_id");
  return {
    role: generic ? (textField(fields, "role") ?? "") : type,
    content: fields["content"],
    id: fields["id"],
    speaker: name,
    at: timeOf(extra) ?? timeOf(fieldsField(fields, "response_metadata") ?? {}),
    beside: [
      ...callPieces(extra["tool_calls"]),
      ...callPieces(extra["function_call"] === undefined ? [] : [extra["function_call"]]),
      ...callPieces(fields["tool_calls"]),
    ],
    resultOf: type === "tool" || type === "function" ? { id: callId, name } : undefined,
  };
}

function typeOf(value: Fields): string | undefined {
  if (value["lc"] === 1 && value["type"] === "constructor") return serialisedType(value);
  for (const method of ["getType", "_getType"]) {
    const ask = value[method];
    if (typeof ask === "function") {
      const answer: unknown = ask.call(value);
      if (typeof answer === "string") return answer;
    }
  }
  const type = value["type"];
  const message = isFields(value["data"]) || value["content"] !== undefined || type === "remove";
  return typeof type === "string" && TYPE_NAMES.has(type) && message ? type : undefined;
}

function serialisedType(value: Fields): string | undefined {
  const path: unknown = value["id"];
  if (!Array.isArray(path)) return undefined;
  const name: unknown = path.at(-1);
  return typeof name === "string" ? TYPES.get(name.replace(/Chunk$/, "")) : undefined;
}
