import { extname } from "node:path";

/** How the bytes of an input are to be read. */
export type InputFormat = "json" | "jsonl" | "markdown" | "text";
export const INPUT_FORMATS: readonly InputFormat[] = ["json", "jsonl", "markdown", "text"];

const MEDIA_TYPES: Readonly<Record<InputFormat, string>> = {
  json: "application/json",
  jsonl: "application/jsonl",
  markdown: "text/markdown",
  text: "text/plain",
};

const EXTENSIONS: Readonly<Record<string, InputFormat>> = {
  ".json": "json",
  ".jsonl": "jsonl",
  ".ndjson": "jsonl",
  ".md": "markdown",
  ".markdown": "markdown",
  ".txt": "text",
  ".text": "text",
};

/** The media type by which the reader knows a format. */
export function mediaTypeOf(format: InputFormat): string {
  return MEDIA_TYPES[format];
}

/** The format that a name's extension stands for; `undefined` for an unknown one. */
export function extensionFormat(name: string): InputFormat | undefined {
  return EXTENSIONS[extname(name).toLowerCase()];
}

/** The format by the name's extension, else by what the text looks like. */
export function formatOf(name: string | undefined, text: string): InputFormat {
  const named = extensionFormat(name ?? "");
  if (named !== undefined) return named;
  const trimmed = text.trim();
  if (!/^[[{]/.test(trimmed)) return "text";
  if (isJson(trimmed)) return "json";
  const [first = ""] = trimmed.split("\n", 1);
  return isJson(first) ? "jsonl" : "text";
}

/** Whether the text is what `memcube export` writes: one memory on each line. */
export function isExport(text: string): boolean {
  const [first = ""] = text.trimStart().split("\n", 1);
  if (!first.startsWith("{")) return false;
  try {
    const value: unknown = JSON.parse(first);
    return typeof value === "object" && value !== null && "memcube" in value && "payload" in value;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
