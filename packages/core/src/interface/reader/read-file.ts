import type { FileParser } from "../../ports/file-parser.ts";
import { type ReadResult } from "./collect.ts";
import { firstChars } from "./clean-text.ts";
import { blocksOf } from "./chunk/blocks.ts";
import { type RejectionCode, reject } from "./outcome.ts";
import { ROOT } from "./position.ts";
import { read, readFast, readJsonLines } from "./read-fast.ts";
import type { ReadOptions } from "./read-options.ts";
import { parseReadOptions } from "./read-options.ts";
import { READER_LIMITS } from "./reader-limits.ts";
import { readDocument } from "./shapes/document.ts";

/** What is known about a file beside its bytes; one of the two decides how it is read. */
export interface FileDescription {
  /** File name; becomes the source's id. */
  readonly name?: string;
  /** Media type; parameters such as `charset` are ignored. */
  readonly mediaType?: string;
}

export interface ReadFileOptions extends ReadOptions {
  /** Parsers for other files; the first that takes the media type or extension. @default none */
  readonly parsers?: readonly FileParser[];
}

type TextFormat = "json" | "jsonl" | "markdown" | "plain";

const TEXT_FORMATS: ReadonlyMap<string, TextFormat> = new Map<string, TextFormat>([
  [".json", "json"],
  ["application/json", "json"],
  [".jsonl", "jsonl"],
  [".ndjson", "jsonl"],
  ["application/jsonl", "jsonl"],
  ["application/x-ndjson", "jsonl"],
  [".md", "markdown"],
  [".markdown", "markdown"],
  ["text/markdown", "markdown"],
  [".txt", "plain"],
  [".text", "plain"],
  ["text/plain", "plain"],
]);

/**
 * Reads a file into candidates: JSON of any known shape (of an unknown one as one JSON memory),
 * JSON lines, Markdown and plain text; other kinds through `options.parsers`, which come first, so
 * that a parser may replace what is built in. The media type decides, then the extension.
 *
 * A damaged file is reported in the result.
 *
 * @throws TypeError for misuse, as {@link readFast}
 */
export async function readFile(
  bytes: Uint8Array,
  file: FileDescription,
  options: ReadFileOptions,
): Promise<ReadResult> {
  if (!(bytes instanceof Uint8Array)) throw new TypeError("readFile reads a Uint8Array");
  parseReadOptions(options);
  if (bytes.length > READER_LIMITS.fileBytes) {
    const message = `a file has at most ${READER_LIMITS.fileBytes} bytes`;
    return refused("too-large", options, message);
  }
  const kinds = kindsOf(file);
  const parser = options.parsers?.find((known) =>
    [...known.extensions, ...known.mediaTypes].some((kind) => kinds.includes(kind)),
  );
  if (parser !== undefined) return throughParser(parser, bytes, file, options);
  const format = kinds.map((kind) => TEXT_FORMATS.get(kind)).find((found) => found !== undefined);
  if (format === undefined) return refused("unsupported-file", options);
  const text = decode(bytes);
  if (text === undefined) return refused("bad-encoding", options);
  return TEXT_READERS[format](text, file, options);
}

type TextReader = (text: string, file: FileDescription, options: ReadFileOptions) => ReadResult;

const TEXT_READERS: Readonly<Record<TextFormat, TextReader>> = {
  json: (text, _file, options) => readJson(text, options),
  jsonl: (text, _file, options) => readJsonLines(text, options),
  markdown: (text, file, options) => readText(text, file, "text/markdown", options),
  plain: (text, file, options) => readText(text, file, "text/plain", options),
};

function readJson(text: string, options: ReadFileOptions): ReadResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return refused("bad-json", options);
    throw error;
  }
  const result = readFast(value, options);
  const unknown =
    result.candidates.length === 0 &&
    result.rejected.length > 0 &&
    result.rejected.every(({ code }) => code === "unknown-shape");
  return unknown ? readFast({ json: value }, options) : result;
}

function readText(
  text: string,
  file: FileDescription,
  mediaType: string,
  options: ReadFileOptions,
): ReadResult {
  return read(options, (reading, formats) => {
    formats.add("document");
    const heading =
      mediaType === "text/markdown"
        ? blocksOf(firstChars(text, READER_LIMITS.probeChars), true).find(
            (block) => block.kind === "heading" && block.level === 1,
          )?.title
        : undefined;
    const uri = file.name !== undefined && file.name.length <= 2_048 ? file.name : undefined;
    const title = heading || file.name;
    return readDocument({ text, title, uri, mediaType, sourceKind: "file" }, ROOT, reading);
  });
}

async function throughParser(
  parser: FileParser,
  bytes: Uint8Array,
  file: FileDescription,
  options: ReadFileOptions,
): Promise<ReadResult> {
  let parsed: unknown;
  try {
    parsed = await parser.parse(bytes, { name: file.name });
  } catch (error) {
    const name = error instanceof Error ? error.name : typeof error;
    return refused("parser-failed", options, `the file's parser failed: ${name}`);
  }
  return readFast(parsed, options);
}

/** Extension and media type in lower case, the extension first. */
function kindsOf(file: FileDescription): readonly string[] {
  const extension = /\.[a-z0-9]{1,16}$/i.exec(file.name?.slice(-32) ?? "")?.[0];
  const mediaType = file.mediaType?.split(";")[0]?.trim();
  return [mediaType, extension].flatMap((kind) => (kind ? [kind.toLowerCase()] : []));
}

/** UTF-8, or UTF-16 with a byte order mark; `undefined` for bytes that are neither. */
function decode(bytes: Uint8Array): string | undefined {
  const encoding =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? "utf-16le"
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? "utf-16be"
        : "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function refused(code: RejectionCode, options: ReadOptions, message?: string): ReadResult {
  return read(options, () => [reject(ROOT, code, message)]);
}
