import { type Outcome, reject } from "../outcome.ts";
import type { Reading } from "../reading.ts";
import { chatMessage, chatUtterance } from "./chat-message.ts";
import { langchainMessage, langchainUtterance } from "./langchain-message.ts";
import type { Utterance } from "../utterance.ts";
import { type AnyShape, inTable } from "./shape.ts";
import { uiMessage, uiUtterance } from "./ui-message.ts";

/** Messages of all frameworks; the first that matches reads. */
export const MESSAGE_SHAPES: readonly AnyShape[] = [
  inTable(langchainMessage),
  inTable(uiMessage),
  inTable(chatMessage),
];

/** Reads an element of a list that holds nothing but messages. */
export function readMessage(value: unknown, position: string, reading: Reading): Iterable<Outcome> {
  for (const shape of MESSAGE_SHAPES) {
    const outcomes = shape.try(value, position, reading);
    if (outcomes !== undefined) return outcomes;
  }
  return [reject(position, "unknown-shape", "not a message: it has no role")];
}

/** A message's fields by their meaning, nothing read yet; `undefined` when it is not known as one. */
export function utteranceOf(value: unknown): Utterance | undefined {
  if (langchainMessage.matches(value)) return langchainUtterance(value);
  if (uiMessage.matches(value)) return uiUtterance(value);
  return chatMessage.matches(value) ? chatUtterance(value) : undefined;
}
