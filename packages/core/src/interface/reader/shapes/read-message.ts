import { type Outcome, reject } from "../outcome.ts";
import type { Reading } from "../reading.ts";
import { chatMessage } from "./chat-message.ts";
import { langchainMessage } from "./langchain-message.ts";
import { type AnyShape, inTable } from "./shape.ts";
import { uiMessage } from "./ui-message.ts";

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
