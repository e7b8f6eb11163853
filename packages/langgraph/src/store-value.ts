import { LIMITS, MemCubeError, type JsonValue } from "@memcube/core";

/**
 * A value as JSON, dates as ISO text and `undefined` members left out as `JSON.stringify` does.
 *
 * @throws MemCubeError `MEMCUBE_INVALID_INPUT` for what has no form in JSON, with its place,
 * `MEMCUBE_LIMIT_EXCEEDED` for what is larger than a memory
 */
export function storableValue(value: unknown): JsonValue {
  const copied = copy(value, "value", []);
  const sizeBytes = Buffer.byteLength(JSON.stringify(copied));
  if (sizeBytes <= LIMITS.payloadBytes) return copied;
  throw new MemCubeError(
    "MEMCUBE_LIMIT_EXCEEDED",
    `A value has at most ${LIMITS.payloadBytes} bytes as JSON; this one has ${sizeBytes}.`,
    { details: { limit: LIMITS.payloadBytes, actual: sizeBytes } },
  );
}

function copy(value: unknown, place: string, above: readonly object[]): JsonValue {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (value instanceof Date && Number.isFinite(value.getTime())) return value.toISOString();
  if (typeof value !== "object") throw notJson(place, describe(value));
  if (above.includes(value)) throw notJson(place, "a value that contains itself");
  if (above.length >= LIMITS.jsonDepth) throw notJson(place, "nested too deeply");
  const within = [...above, value];
  if (Array.isArray(value)) {
    return value.map((element, at) => copy(element ?? null, `${place}[${at}]`, within));
  }
  if (!isPlain(value)) throw notJson(place, describe(value));
  if (Object.hasOwn(value, "__proto__")) throw notJson(place, "a value with a key __proto__");
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(
    members.map(([key, member]) => [key, copy(member, `${place}.${key}`, within)]),
  );
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  // An object of another realm has its own Object.prototype.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function describe(value: unknown): string {
  if (typeof value === "object" && value !== null) return `a ${value.constructor.name}`;
  return typeof value === "number" || value === undefined ? String(value) : `a ${typeof value}`;
}

function notJson(place: string, what: string): MemCubeError {
  return new MemCubeError(
    "MEMCUBE_INVALID_INPUT",
    `${place} is ${what}, which can't be kept as JSON: turn it into plain data first.`,
    { details: { place } },
  );
}
