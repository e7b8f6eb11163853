import { MemCubeError } from "../../../errors.ts";
import { LIMITS } from "../../../limits.ts";
import type { ChunkSink } from "./chunk-sink.ts";
import { writeList } from "./write-list.ts";
import { ThreadPart, type ThreadInput, type WrittenPart } from "./thread-value.ts";

/** A string of so many characters lies in a chunk of its own, whatever stands around it. */
const LONG_CHARS = 96;

/** Bytes up to so many lie where they are used. */
const SHORT_BYTES = 48;

/** A list of so many characters of JSON is stored in nodes. */
const LONG_LIST_CHARS = 384;

/** A value as JSON, and the chunks it names, in the order in which it does. */
export interface WrittenValue {
  readonly text: string;
  readonly needs: readonly string[];
}

/**
 * Writes a value as JSON in which "~" begins what stands for something else:
 * - `"~~..."` a string that begins with "~"
 * - `"~s"` a long string, `"~b"` bytes, `"~c"` JSON, each in a chunk
 * - `"~i<base64>"` bytes
 * - `["~l", ...]` a long list: the nodes of write-list.ts up to a chunk, then what follows them
 *
 * Which chunk is not said again: those that are needed are listed beside the text in its order.
 *
 * So a text is stored once though it stands in an input, a write and a channel, and a list that grows
 * by a message shares all but the message with what it was.
 *
 * @throws MemCubeError `MEMCUBE_INVALID_INPUT` for what is no {@link ThreadInput},
 * `MEMCUBE_LIMIT_EXCEEDED` (nesting)
 */
export function writeValue(value: ThreadInput, sink: ChunkSink, depth = 0): WrittenValue {
  const needs: string[] = [];
  const text = write(value, { sink, needs, depth });
  return { text, needs };
}

interface Place {
  readonly sink: ChunkSink;
  /** Hashes named so far; added to. */
  readonly needs: string[];
  readonly depth: number;
}

function write(value: ThreadInput | undefined, place: Place): string {
  if (typeof value === "string") return writeString(value, place);
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (Number.isFinite(value)) return JSON.stringify(value);
    throw unfit(String(value));
  }
  if (typeof value !== "object") throw unfit(typeof value);
  if (value instanceof Uint8Array) return writeBytes(value, place);
  if (value instanceof ThreadPart) return writePart(value, place);
  if (place.depth >= LIMITS.threadDepth) {
    const why = `State is nested deeper than ${LIMITS.threadDepth} levels.`;
    const details = { limit: "threadDepth", max: LIMITS.threadDepth };
    throw new MemCubeError("MEMCUBE_LIMIT_EXCEEDED", why, { details });
  }
  const inner = { ...place, depth: place.depth + 1 };
  return Array.isArray(value)
    ? writeArray(value as readonly ThreadInput[], inner)
    : writeObject(value as Readonly<Record<string, ThreadInput>>, inner);
}

function writeString(value: string, { sink, needs }: Place): string {
  // A chunk holds UTF-8, in which half a surrogate pair is lost; as JSON it is escaped.
  if (value.length >= LONG_CHARS && value.isWellFormed()) {
    return named("s", sink.addText("string", value), needs);
  }
  return JSON.stringify(value.startsWith("~") ? `~${value}` : value);
}

function writeBytes(value: Uint8Array, { sink, needs }: Place): string {
  if (value.length > SHORT_BYTES) return named("b", sink.addBytes(value), needs);
  return `"~i${Buffer.from(value).toString("base64")}"`;
}

function writePart(part: ThreadPart, place: Place): string {
  const written = writtenPart(part, place);
  place.needs.push(...written.needs);
  return written.text;
}

/** How deep a part is counts where it is written first. */
function writtenPart(part: ThreadPart, { sink, depth }: Place): WrittenPart {
  const written = part.written((value) => {
    const { value: inner, chunks } = sink.record(() => writeValue(value, sink, depth));
    return { ...inner, chunks };
  });
  sink.addAll(written.chunks);
  return written;
}

function named(letter: string, hash: string, needs: string[]): string {
  needs.push(hash);
  return `"~${letter}"`;
}

function writeObject(value: Readonly<Record<string, ThreadInput>>, place: Place): string {
  const fields = Object.keys(value).map(
    (key) => `${JSON.stringify(key)}:${write(value[key], place)}`,
  );
  return `{${fields.join(",")}}`;
}

function writeArray(values: readonly ThreadInput[], place: Place): string {
  let size = 0;
  const elements = Array.from(values, (value): WrittenValue => {
    const element = writeElement(value, place);
    size += element.text.length;
    return element;
  });
  const isLong = size >= LONG_LIST_CHARS && elements.length > 1;
  const { text, needs } = isLong ? writeList(elements, place.sink) : plainList(elements);
  place.needs.push(...needs);
  return text;
}

function writeElement(value: ThreadInput, place: Place): WrittenValue {
  if (value instanceof ThreadPart) return writtenPart(value, place);
  const needs: string[] = [];
  return { text: write(value, { ...place, needs }), needs };
}

function plainList(elements: readonly WrittenValue[]): WrittenValue {
  return {
    text: `[${elements.map(({ text }) => text).join(",")}]`,
    needs: elements.flatMap(({ needs }) => needs),
  };
}

function unfit(what: string): MemCubeError {
  return new MemCubeError("MEMCUBE_INVALID_INPUT", `A thread's state can't hold this (${what}).`);
}
