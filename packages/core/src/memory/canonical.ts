import { createHash } from "node:crypto";

import type { JsonValue } from "./json.ts";

/**
 * JSON Canonicalization Scheme (RFC 8785): object keys by UTF-16 code units, ECMAScript numbers,
 * no white space. Members with the value `undefined` are left out, as in `JSON.stringify`.
 *
 * @throws TypeError for a number that is not finite (it has no JSON form)
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") {
    return JSON.stringify(value);
  }
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new TypeError(`not a JSON number: ${value}`);
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    return `[${value.map((item) => canonicalJson(item === undefined ? null : item)).join(",")}]`;
  }
  if (typeof value === "object") {
    const object = value as Readonly<Record<string, JsonValue | undefined>>;
    const members: string[] = [];
    for (const key of Object.keys(object).sort()) {
      const member = object[key];
      if (member !== undefined) members.push(`${JSON.stringify(key)}:${canonicalJson(member)}`);
    }
    return `{${members.join(",")}}`;
  }
  throw new TypeError(`not a JSON value: ${typeof value}`);
}

/** SHA-256 as 64 lower-case hexadecimal digits. */
export function sha256Hex(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
