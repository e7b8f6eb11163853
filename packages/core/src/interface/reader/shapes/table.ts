import { chatgptExport } from "./chatgpt-export.ts";
import { conversation, sessions } from "./conversation.ts";
import { document } from "./document.ts";
import { locomo } from "./locomo.ts";
import { json, payload, wrappedPayload } from "./payload.ts";
import { MESSAGE_SHAPES } from "./read-message.ts";
import { type AnyShape, inTable } from "./shape.ts";
import { text } from "./text.ts";

/**
 * Every shape the reader knows; the first that matches reads. What is told by a rarer mark comes
 * first: a tree of messages before a list, a message before a payload, a bare `text` field last.
 */
export const SHAPES: readonly AnyShape[] = [
  inTable(text),
  inTable(locomo),
  inTable(chatgptExport),
  inTable(sessions),
  inTable(conversation),
  ...MESSAGE_SHAPES,
  inTable(wrappedPayload),
  inTable(payload),
  inTable(json),
  inTable(document),
];
