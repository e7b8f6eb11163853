import { type JsonObject, type JsonValue, MemCubeError } from "@memcube/core";
import type { GbnfJsonSchema } from "node-llama-cpp";

/** Any value. */
const ANYTHING: JsonObject = {
  oneOf: [
    { type: ["string", "number", "boolean", "null"] },
    { type: "object", additionalProperties: true },
    { type: "array" },
  ],
};

/** Forms that can't be written as a grammar: an answer held to the rest alone could be a wrong one. */
const IMPOSSIBLE = [
  "not",
  "if",
  "then",
  "else",
  "patternProperties",
  "dependentSchemas",
  "contains",
];

const DATE_FORMATS = new Set(["date-time", "time", "date"]);
const SINGLE_TYPES = new Set(["string", "number", "integer", "boolean", "null"]);

/**
 * Turns a JSON schema into the subset that llama.cpp's grammars can hold an answer to. Structure, types,
 * constants, lengths of texts and lists are held to; ranges of numbers, patterns and other formats
 * are not, and optional properties are always written.
 *
 * @throws MemCubeError `MEMCUBE_NOT_SUPPORTED` for forms that no grammar can hold an answer to
 */
export function toGrammarSchema(schema: JsonObject): GbnfJsonSchema {
  const definitions = { ...objectAt(schema, "definitions"), ...objectAt(schema, "$defs") };
  const root = convert(schema, "");
  const names = Object.keys(definitions);
  const all =
    names.length === 0
      ? root
      : {
          ...root,
          $defs: Object.fromEntries(
            names.map((key) => [key, convert(definitions[key], `/$defs/${key}`)]),
          ),
        };
  return all as GbnfJsonSchema;
}

function convert(schema: JsonValue | undefined, path: string): JsonObject {
  if (schema === true || schema === undefined) return ANYTHING;
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) {
    throw notSupported(path, "is no schema");
  }
  const form = schema as JsonObject;
  const bad = IMPOSSIBLE.find((key) => Object.hasOwn(form, key));
  if (bad !== undefined) throw notSupported(path, `has "${bad}"`);
  const converted = convertForm(form, path);
  const { description } = form;
  return typeof description === "string" ? { ...converted, description } : converted;
}

function convertForm(schema: JsonObject, path: string): JsonObject {
  if (typeof schema["$ref"] === "string") return reference(schema["$ref"], path);
  if (Object.hasOwn(schema, "const")) return { const: single(schema["const"], path) };
  const values = listAt(schema, "enum");
  if (values !== undefined) return { enum: values.map((value) => single(value, path)) };
  for (const key of ["anyOf", "oneOf"] as const) {
    const choices = listAt(schema, key);
    if (choices !== undefined) {
      return { oneOf: choices.map((one, index) => convert(one, `${path}/${key}/${index}`)) };
    }
  }
  const together = listAt(schema, "allOf");
  if (together !== undefined) {
    if (together.length !== 1) throw notSupported(path, 'has "allOf" of several');
    return convert(together[0], `${path}/allOf/0`);
  }
  return convertTypes(schema, path);
}

function convertTypes(schema: JsonObject, path: string): JsonObject {
  const type = schema["type"] ?? impliedType(schema);
  if (type === undefined) return ANYTHING;
  const types = listAt(schema, "type") ?? [type];
  const [first] = types;
  if (types.length === 1) return convertType(schema, first, path);
  if (types.every((one) => typeof one === "string" && SINGLE_TYPES.has(one)))
    return { type: types };
  return { oneOf: types.map((one) => convertType(schema, one, path)) };
}

function impliedType(schema: JsonObject): string | undefined {
  if (Object.hasOwn(schema, "properties")) return "object";
  return Object.hasOwn(schema, "items") ? "array" : undefined;
}

function convertType(schema: JsonObject, type: JsonValue | undefined, path: string): JsonObject {
  if (type === "object") return convertObject(schema, path);
  if (type === "array") return convertArray(schema, path);
  if (type === "string") {
    const { format } = schema;
    if (typeof format === "string" && DATE_FORMATS.has(format)) return { type, format };
    return { type, ...numbersAt(schema, ["minLength", "maxLength"]) };
  }
  if (typeof type === "string" && SINGLE_TYPES.has(type)) return { type };
  throw notSupported(path, `has the type ${JSON.stringify(type)}`);
}

function convertObject(schema: JsonObject, path: string): JsonObject {
  const properties = Object.entries(objectAt(schema, "properties"));
  const extra = schema["additionalProperties"] ?? !Object.hasOwn(schema, "properties");
  return {
    type: "object",
    properties: Object.fromEntries(
      properties.map(([key, value]) => [key, convert(value, `${path}/properties/${key}`)]),
    ),
    additionalProperties:
      typeof extra === "boolean" ? extra : convert(extra, `${path}/additionalProperties`),
    ...numbersAt(schema, ["minProperties", "maxProperties"]),
  };
}

function convertArray(schema: JsonObject, path: string): JsonObject {
  const { items } = schema;
  const first = listAt(schema, "prefixItems");
  return {
    type: "array",
    ...(items === undefined || items === false ? {} : { items: convert(items, `${path}/items`) }),
    ...(first === undefined
      ? {}
      : { prefixItems: first.map((one, at) => convert(one, `${path}/prefixItems/${at}`)) }),
    ...numbersAt(schema, ["minItems", "maxItems"]),
  };
}

function reference(target: string, path: string): JsonObject {
  const found = /^#\/(?:\$defs|definitions)\/([^/]+)$/.exec(target);
  if (found?.[1] === undefined) throw notSupported(path, `refers to ${target}`);
  return { $ref: `#/$defs/${found[1]}` };
}

function single(value: JsonValue | undefined, path: string): JsonValue {
  if (value === undefined || (typeof value === "object" && value !== null)) {
    throw notSupported(path, "has a list or an object as a constant");
  }
  return value;
}

function objectAt(schema: JsonObject, key: string): JsonObject {
  const value = schema[key];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  return value as JsonObject;
}

function listAt(schema: JsonObject, key: string): readonly JsonValue[] | undefined {
  const value = schema[key];
  return Array.isArray(value) ? (value as readonly JsonValue[]) : undefined;
}

function numbersAt(schema: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(
    keys.filter((key) => typeof schema[key] === "number").map((key) => [key, schema[key] ?? 0]),
  );
}

function notSupported(path: string, what: string): MemCubeError {
  const place = path === "" ? "the schema" : `the schema at ${path}`;
  return new MemCubeError("MEMCUBE_NOT_SUPPORTED", `${place} ${what}: no grammar can hold to it`, {
    details: { path },
  });
}
