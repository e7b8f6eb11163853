import { type Fields, isFields, textField } from "../fields.ts";
import { readUtterance, type Utterance } from "../utterance.ts";
import { sessionOf, timeOf } from "./message-fields.ts";
import type { Shape } from "./shape.ts";

/** `{ id, role, parts, metadata }`: UIMessage of AI SDK 4 to 7. */
export const uiMessage: Shape<Fields> = {
  name: "ai-sdk-ui",
  matches: (value): value is Fields =>
    isFields(value) && typeof value["role"] === "string" && Array.isArray(value["parts"]),
  read: (message, position, reading) => readUtterance(uiUtterance(message), position, reading),
};

/** A UI message's fields by their meaning. */
export function uiUtterance(message: Fields): Utterance {
  return {
    role: textField(message, "role") ?? "",
    content: message["parts"],
    contentField: "parts",
    id: message["id"],
    speaker: textField(message, "name"),
    sessionId: sessionOf(message),
    at: timeOf(message),
  };
}
