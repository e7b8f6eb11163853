import { type Fields, isFields, textField } from "../fields.ts";
import { readUtterance } from "../utterance.ts";
import { sessionOf, timeOf } from "./message-fields.ts";
import type { Shape } from "./shape.ts";

/** `{ id, role, parts, metadata }`: UIMessage of AI SDK 4 to 7. */
export const uiMessage: Shape<Fields> = {
  name: "ai-sdk-ui",
  matches: (value): value is Fields =>
    isFields(value) && typeof value["role"] === "string" && Array.isArray(value["parts"]),
  read(message, position, reading) {
    return readUtterance(
      {
        role: textField(message, "role") ?? "",
        content: message["parts"],
        contentField: "parts",
        id: message["id"],
        speaker: textField(message, "name"),
        sessionId: sessionOf(message),
        at: timeOf(message),
      },
      position,
      reading,
    );
  },
};
