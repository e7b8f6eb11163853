import { type Fields, fieldsField, isFields, textField } from "../fields.ts";
import { callPieces } from "../pieces.ts";
import { readUtterance, type Utterance } from "../utterance.ts";
import { sessionOf, timeOf } from "./message-fields.ts";
import type { Shape } from "./shape.ts";

/**
 * `{ role, content }`: OpenAI and Anthropic chat JSON, AI SDK ModelMessage, Mastra's stored
 * messages, and `{ speaker, text }` of a plain transcript.
 */
export const chatMessage: Shape<Fields> = {
  name: "chat",
  matches: (value): value is Fields =>
    isFields(value) &&
    (typeof value["role"] === "string" ||
      (typeof value["speaker"] === "string" && typeof value["text"] === "string")),
  read: (message, position, reading) => readUtterance(chatUtterance(message), position, reading),
};

/** A chat message's fields by their meaning. */
export function chatUtterance(message: Fields): Utterance {
  const stored = fieldsField(message, "content");
  const content = stored?.["parts"] ?? message["content"] ?? message["text"];
  const callId = textField(message, "tool_call_id", "toolCallId");
  const role = textField(message, "role") ?? "user";
  const name = textField(message, "name", "speaker");
  return {
    role,
    content,
    contentField: message["content"] === undefined ? "text" : "content",
    id: message["id"],
    speaker: name,
    sessionId: sessionOf(message),
    at: timeOf(message),
    beside: [
      ...callPieces(message["tool_calls"]),
      ...callPieces([message["function_call"]]),
      ...caption(message),
      ...refusal(message),
    ],
    resultOf: callId !== undefined || role === "function" ? { id: callId, name } : undefined,
  };
}

function caption(message: Fields): readonly { kind: "caption"; caption: string }[] {
  const found = textField(message, "caption");
  return found === undefined ? [] : [{ kind: "caption", caption: found }];
}

function refusal(message: Fields): readonly { kind: "text"; text: string }[] {
  const found = textField(message, "refusal");
  return found === undefined ? [] : [{ kind: "text", text: found }];
}
