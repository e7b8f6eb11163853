import { isFields } from "./fields.ts";
import { guarded, readEach, readLines } from "./guarded.ts";
import { collect, type ReadResult } from "./collect.ts";
import { type Outcome, reject } from "./outcome.ts";
import { ROOT } from "./position.ts";
import { parseReadOptions, type ParsedReadOptions, type ReadOptions } from "./read-options.ts";
import { READER_LIMITS } from "./reader-limits.ts";
import type { Reading } from "./reading.ts";
import { chatMessage } from "./shapes/chat-message.ts";
import { conversation } from "./shapes/conversation.ts";
import { langchainMessage } from "./shapes/langchain-message.ts";
import { SHAPES } from "./shapes/table.ts";

/**
 * Turns input of any common shape into candidate memories, without a language model: MemReader's
 * fast path (MemOS 2507.03724 section 5.3). Takes a string, a message, a document, a value of a
 * known shape (`SHAPES`), a list of those, or JSON lines. Pure but for `options.newId`.
 *
 * Bad pieces are reported one by one and good ones kept; bad data is never thrown.
 *
 * @throws TypeError for misuse: bad options, or a `newId` that throws or gives no text
 */
export function readFast(input: unknown, options: ReadOptions): ReadResult {
  return read(options, (reading, formats) => piecesIn(input, reading, formats));
}

/** {@link readFast} over the lines of a text, each of them one JSON value. */
export function readJsonLines(text: string, options: ReadOptions): ReadResult {
  return read(options, (reading, formats) => linesIn(text, reading, formats));
}

/** Runs a reading and names its format. For readers of this folder. */
export function read(
  options: ReadOptions,
  start: (reading: Reading, formats: Set<string>) => Iterable<Outcome>,
): ReadResult {
  const parsed = parseReadOptions(options);
  const ids = idSource(parsed.newId);
  const formats = new Set<string>();
  const result = collect(start(readingOf(parsed, ids.next), formats));
  ids.check();
  const [format = "none"] = formats;
  return { ...result, format: formats.size > 1 ? "mixed" : format };
}

function piecesIn(input: unknown, reading: Reading, formats: Set<string>): Iterable<Outcome> {
  if (Array.isArray(input)) {
    return readEach(input, ROOT, (element, position) =>
      readOne(element, position, reading, formats),
    );
  }
  if (typeof input === "string" && looksLikeJsonLines(input)) {
    return linesIn(input, reading, formats);
  }
  return guarded(ROOT, () => readOne(input, ROOT, reading, formats));
}

function readOne(
  value: unknown,
  position: string,
  reading: Reading,
  formats: Set<string>,
): Iterable<Outcome> {
  for (const shape of SHAPES) {
    const outcomes = shape.try(value, position, reading);
    if (outcomes === undefined) continue;
    formats.add(shape.name);
    return outcomes;
  }
  return [reject(position, "unknown-shape")];
}

function linesIn(text: string, reading: Reading, formats: Set<string>): Iterable<Outcome> {
  formats.add("jsonl");
  return readLines(text, (line, position) => {
    const value = parseJson(line);
    if (value === undefined) return [reject(position, "bad-json")];
    return readOne(value, position, reading, new Set());
  });
}

/** Two lines at least, the first of them a message or a conversation. */
function looksLikeJsonLines(text: string): boolean {
  if (!/^\s*\{/.test(text)) return false;
  const trimmed = text.trim();
  const end = trimmed.indexOf("\n");
  if (end === -1 || end > READER_LIMITS.probeChars) return false;
  const first = parseJson(trimmed.slice(0, end));
  if (!isFields(first)) return false;
  return [chatMessage, langchainMessage, conversation].some((shape) => shape.matches(first));
}

/** The value, or `undefined` when the text is not JSON: no JSON text means `undefined`. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function readingOf(options: ParsedReadOptions, newId: () => string): Reading {
  const orders = new Map<string | undefined, number>();
  return {
    now: options.now,
    sessionId: options.sessionId,
    speaker: options.speaker,
    chunkTokens: options.chunkTokens,
    newId,
    nextOrder(sessionId) {
      const order = orders.get(sessionId) ?? 0;
      orders.set(sessionId, order + 1);
      return order;
    },
  };
}

/** Tells a broken `newId`, which is the programmer's, from broken data. */
function idSource(newId: () => string): { next: () => string; check: () => void } {
  let failure: { readonly cause: unknown } | undefined;
  return {
    next() {
      try {
        const id: unknown = newId();
        if (typeof id !== "string" || id === "") throw new TypeError("newId gives non-empty text");
        return id;
      } catch (error) {
        failure ??= { cause: error };
        throw error;
      }
    },
    check() {
      if (failure !== undefined) throw new TypeError("options.newId failed", failure);
    },
  };
}
