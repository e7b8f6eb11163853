import { LIMITS } from "../../limits.ts";
import type { JsonValue } from "../../memory/index.ts";
import { cleanText } from "./clean-text.ts";
import type { RejectionCode } from "./outcome.ts";
import { READER_LIMITS } from "./reader-limits.ts";

type Refusal = Extract<
  RejectionCode,
  "not-json" | "unsafe-key" | "cyclic" | "too-deep" | "too-large" | "too-long"
>;

/** A copy that holds nothing but JSON, or why there is none. */
export type CheckedJson =
  | { readonly ok: true; readonly value: JsonValue }
  | { readonly ok: false; readonly code: Refusal };

/**
 * Copies foreign data as plain JSON: strings well-formed, dates as ISO text, `undefined` members
 * left out as in `JSON.stringify`. The input may be cyclic, endless or hostile.
 */
export function checkedJson(value: unknown): CheckedJson {
  const walk: Walk = { nodes: 0, chars: 0, above: new Set() };
  try {
    return { ok: true, value: copy(value, walk) };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, code: error.code };
    throw error;
  }
}

interface Walk {
  nodes: number;
  chars: number;
  /** The objects on the way from the root, to see a cycle. */
  readonly above: Set<object>;
}

/** Leaves the recursion; never seen outside this file. */
class Refused extends Error {
  readonly code: Refusal;
  constructor(code: Refusal) {
    super(code);
    this.code = code;
  }
}

function copy(value: unknown, walk: Walk): JsonValue {
  walk.nodes += 1;
  if (walk.nodes > READER_LIMITS.jsonNodes) throw new Refused("too-large");
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "string") return copyText(value, walk);
  // JSON has no negative zero.
  if (typeof value === "number" && Number.isFinite(value)) return value + 0;
  if (value instanceof Date && Number.isFinite(value.getTime())) return value.toISOString();
  if (typeof value !== "object") throw new Refused("not-json");
  if (walk.above.has(value)) throw new Refused("cyclic");
  if (walk.above.size >= LIMITS.jsonDepth) throw new Refused("too-deep");
  walk.above.add(value);
  const result = Array.isArray(value) ? copyArray(value, walk) : copyObject(value, walk);
  walk.above.delete(value);
  return result;
}

function copyText(text: string, walk: Walk): string {
  walk.chars += text.length;
  if (walk.chars > LIMITS.payloadBytes) throw new Refused("too-long");
  return cleanText(text);
}

function copyArray(array: readonly unknown[], walk: Walk): JsonValue[] {
  if (array.length > READER_LIMITS.jsonNodes) throw new Refused("too-large");
  return Array.from(array, (element) => copy(element === undefined ? null : element, walk));
}

function copyObject(object: object, walk: Walk): { [key: string]: JsonValue } {
  const prototype: unknown = Object.getPrototypeOf(object);
  const plain =
    prototype === null ||
    prototype === Object.prototype ||
    // An object of another realm (a worker, a test runner's sandbox) has its own Object.prototype.
    Object.getPrototypeOf(prototype) === null;
  if (!plain) throw new Refused("not-json");
  const result: { [key: string]: JsonValue } = {};
  for (const key of Object.keys(object)) {
    if (key === "__proto__") throw new Refused("unsafe-key");
    const member = (object as Readonly<Record<string, unknown>>)[key];
    if (member !== undefined) result[copyText(key, walk)] = copy(member, walk);
  }
  return result;
}
