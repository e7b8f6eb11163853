import type { SourceRef } from "../../../memory/index.ts";
import { type Chunk, chunkText } from "../chunk/chunk-text.ts";
import { cleanText, firstChars, hasContent } from "../clean-text.ts";
import { defined } from "../defined.ts";
import { type Fields, isFields, textField } from "../fields.ts";
import { type Outcome, reject } from "../outcome.ts";
import { fieldOf, shareOf } from "../position.ts";
import { READER_LIMITS } from "../reader-limits.ts";
import type { Reading } from "../reading.ts";
import { partKey } from "../part-key.ts";
import { usableId } from "../usable-id.ts";
import { parseWhen } from "../when.ts";
import { timeOf } from "./message-fields.ts";
import type { Shape } from "./shape.ts";

/** Markdown unless the media type says that it is something else. */
const PLAIN = /^text\/(?!markdown|x-markdown)/;

/** `{ text, title?, uri?, mediaType? }`: one candidate for each chunk, with its character range. */
export const document: Shape<Fields> = {
  name: "document",
  matches: (value): value is Fields => isFields(value) && typeof value["text"] === "string",
  *read(value, position, reading) {
    const time = timeOf(value);
    const at = time && parseWhen(time.value, reading.now);
    if (time !== undefined && at === undefined) {
      yield reject(fieldOf(position, time.name), "bad-date");
    }
    const uri = textField(value, "uri", "url");
    if (uri !== undefined && uri.length > 2_048) {
      yield reject(fieldOf(position, "uri"), "too-long", "an address has at most 2,048 characters");
    }
    yield* readDocument(
      {
        text: textField(value, "text") ?? "",
        title: textField(value, "title"),
        uri: uri !== undefined && uri.length <= 2_048 ? uri : undefined,
        mediaType: textField(value, "mediaType", "media_type", "mimeType"),
        language: textField(value, "language", "lang"),
        at,
      },
      position,
      reading,
    );
  },
};

/** A document whose fields have their types; the text may still be empty or too long. */
export interface DocumentInput {
  readonly text: string;
  readonly title?: string;
  readonly uri?: string;
  readonly mediaType?: string;
  readonly language?: string;
  readonly at?: number;
  /** @default "url" for an http address, else "document" */
  readonly sourceKind?: SourceRef["kind"];
}

/** Cuts a document into candidates; all of them name the same source. */
export function* readDocument(
  input: DocumentInput,
  position: string,
  reading: Reading,
): Generator<Outcome> {
  if (input.text.length > READER_LIMITS.documentChars) {
    const message = `a document has at most ${READER_LIMITS.documentChars} characters`;
    yield reject(position, "too-long", message);
    return;
  }
  if (!hasContent(input.text)) {
    yield reject(position, "empty");
    return;
  }
  const text = cleanText(input.text);
  const uri = input.uri === undefined ? undefined : cleanText(input.uri);
  const { mediaType, language } = input;
  const chunks = chunkText(text, {
    chunkTokens: reading.chunkTokens,
    markdown: !PLAIN.test(mediaType ?? ""),
  });
  const shared = defined({
    type: "document" as const,
    title: input.title === undefined ? undefined : firstChars(cleanText(input.title), 1_024),
    uri,
    mediaType: mediaType !== undefined && mediaType.length <= 255 ? mediaType : undefined,
  });
  const source = defined({
    kind:
      input.sourceKind ?? (/^https?:/.test(uri ?? "") ? ("url" as const) : ("document" as const)),
    id: uri ?? reading.newId(),
    at: input.at ?? reading.at,
  });
  for (const [index, { start, end, heading }] of chunks.entries()) {
    const key = uri === undefined ? undefined : partKey(uri, index);
    yield {
      candidate: {
        payload: {
          ...shared,
          text: text.slice(start, end),
          chunk: defined({ index, count: chunks.length, heading: headingOf(heading) }),
        },
        sources: [{ ...source, start, end }],
        externalKey: usableId(key),
        tags: reading.tags,
        at: source.at,
        language:
          language !== undefined && /^[a-z]{2,3}\b.{0,12}$/i.test(language) ? language : undefined,
        position: chunks.length === 1 ? position : shareOf(position, index),
      },
    };
  }
}

function headingOf(heading: Chunk["heading"]): string[] | undefined {
  return heading.length === 0 ? undefined : [...heading];
}
