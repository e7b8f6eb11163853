import { estimateTokens } from "../../../text/index.ts";
import { cleanText, hasContent } from "../clean-text.ts";
import { type Outcome, reject } from "../outcome.ts";
import type { Reading } from "../reading.ts";
import { readDocument } from "./document.ts";
import type { Shape } from "./shape.ts";

/** A string: one text, or chunks of a document when it is longer than two chunks. */
export const text: Shape<string> = {
  name: "text",
  matches: (value): value is string => typeof value === "string",
  read: readText,
};

function* readText(value: string, position: string, reading: Reading): Generator<Outcome> {
  const short = value.length <= 16 * reading.chunkTokens;
  if (!short || estimateTokens(value) > 2 * reading.chunkTokens) {
    yield* readDocument({ text: value }, position, reading);
    return;
  }
  if (!hasContent(value)) {
    yield reject(position, "empty");
    return;
  }
  const { tags, at } = reading;
  const payload = { type: "text" as const, text: cleanText(value) };
  yield { candidate: { payload, sources: [], tags, at, position } };
}
