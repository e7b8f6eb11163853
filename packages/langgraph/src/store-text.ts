import type { JsonValue } from "@memcube/core";

const WHOLE = "$";

/**
 * What a query finds a value by: its fields at these paths. `undefined` where that is the whole value,
 * "" where it is nothing.
 */
export function searchText(value: JsonValue, fields: readonly string[]): string | undefined {
  if (fields.includes(WHOLE)) return undefined;
  return fields.flatMap((field) => textsAt(value, tokens(field))).join("\n");
}

/**
 * Splits a path of LangGraph: `title`, `metadata.title`, `chapters[*].content`, `notes[0]`,
 * `notes[-1]`, `*`, `{title,metadata.author}`.
 */
function tokens(path: string): string[] {
  return path.match(/\[[^\]]*\]?|\{[^}]*\}?|[^.[{]+/g) ?? [];
}

function textsAt(value: JsonValue | undefined, path: readonly string[]): string[] {
  const [token, ...rest] = path;
  if (token === undefined) return textOf(value);
  return stepsFrom(value, token).flatMap((next) => textsAt(next, rest));
}

/** The values one token leads to. */
function stepsFrom(value: JsonValue | undefined, token: string): (JsonValue | undefined)[] {
  if (token.startsWith("[")) return elementsAt(value, token.slice(1).replace("]", ""));
  if (typeof value !== "object" || value === null) return [];
  if (token === "*") return Object.values(value);
  if (!token.startsWith("{")) return [memberOf(value, token)];
  const names = token.replaceAll(/[{}]/g, "").split(",");
  return names.map((name) =>
    tokens(name.trim()).reduce<JsonValue | undefined>(
      (within, step) =>
        typeof within === "object" && within !== null ? memberOf(within, step) : undefined,
      value,
    ),
  );
}

function elementsAt(value: JsonValue | undefined, index: string): (JsonValue | undefined)[] {
  if (!Array.isArray(value)) return [];
  const elements = value as readonly JsonValue[];
  if (index === "*") return [...elements];
  const place = Number.parseInt(index, 10);
  return Number.isNaN(place) ? [] : [elements.at(place)];
}

function memberOf(value: object, name: string): JsonValue | undefined {
  if (!Object.hasOwn(value, name)) return undefined;
  return (value as { readonly [name: string]: JsonValue })[name];
}

function textOf(value: JsonValue | undefined): string[] {
  if (value === undefined || value === null) return [];
  return [typeof value === "object" ? JSON.stringify(value) : String(value)];
}
