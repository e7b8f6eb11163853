import type { JsonObject } from "@memcube/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";

import { toGrammarSchema } from "./grammar-schema.ts";

describe("a JSON schema as a grammar's", () => {
  it.each<[string, JsonObject, JsonObject]>([
    ["plain types", { type: "integer", minimum: 3 }, { type: "integer" }],
    ["several types", { type: ["string", "null"] }, { type: ["string", "null"] }],
    [
      "types with an object among them",
      { type: ["object", "null"], properties: { a: { type: "boolean" } } },
      {
        oneOf: [
          { type: "object", properties: { a: { type: "boolean" } }, additionalProperties: false },
          { type: "null" },
        ],
      },
    ],
    [
      "texts",
      { type: "string", minLength: 1, maxLength: 3, pattern: "a+", description: "short" },
      { type: "string", minLength: 1, maxLength: 3, description: "short" },
    ],
    ["dates", { type: "string", format: "date" }, { type: "string", format: "date" }],
    ["other formats", { type: "string", format: "email" }, { type: "string" }],
    ["constants", { const: 5 }, { const: 5 }],
    ["lists of values", { type: "string", enum: ["a", "b"] }, { enum: ["a", "b"] }],
    ["choices", { anyOf: [{ const: 1 }, { const: 2 }] }, { oneOf: [{ const: 1 }, { const: 2 }] }],
    ["allOf of one", { allOf: [{ type: "null" }] }, { type: "null" }],
    [
      "an object without properties, of any",
      { type: "object" },
      { type: "object", properties: {}, additionalProperties: true },
    ],
    [
      "an object with no properties, of none",
      { type: "object", properties: {} },
      { type: "object", properties: {}, additionalProperties: false },
    ],
    [
      "lists",
      { items: { type: "number" }, minItems: 1, maxItems: 2 },
      { type: "array", items: { type: "number" }, minItems: 1, maxItems: 2 },
    ],
    [
      "tuples",
      { type: "array", prefixItems: [{ type: "null" }], items: false },
      { type: "array", prefixItems: [{ type: "null" }] },
    ],
    [
      "references",
      {
        type: "object",
        properties: { next: { $ref: "#/definitions/node" } },
        definitions: { node: { type: "null" } },
      },
      {
        type: "object",
        properties: { next: { $ref: "#/$defs/node" } },
        additionalProperties: false,
        $defs: { node: { type: "null" } },
      },
    ],
  ])("takes %s", (_, schema, expected) => {
    expect(toGrammarSchema(schema)).toEqual(expected);
  });

  it.each<[string, JsonObject, string]>([
    ["not", { type: "object", properties: { a: { not: {} } } }, "/properties/a"],
    ["allOf of several", { allOf: [{}, {}] }, ""],
    ["a reference elsewhere", { items: { $ref: "https://example.org/x" } }, "/items"],
    ["a constant that is an object", { const: {} }, ""],
    ["false", { type: "array", items: { anyOf: [false] } }, "/items/anyOf/0"],
  ])("refuses %s, and says where", (_, schema, path) => {
    expect(() => toGrammarSchema(schema)).toThrow(
      expect.objectContaining({ code: "MEMCUBE_NOT_SUPPORTED", details: { path } }),
    );
  });

  it("takes what zod makes", () => {
    const schema = z.object({
      name: z.string().optional(),
      size: z.union([z.literal("s"), z.literal("l")]),
      parts: z.array(z.object({ count: z.int() })).max(3),
      more: z.record(z.string(), z.boolean()),
    });
    expect(toGrammarSchema(z.toJSONSchema(schema) as JsonObject)).toMatchObject({
      type: "object",
      properties: {
        name: { type: "string" },
        size: { oneOf: [{ const: "s" }, { const: "l" }] },
        parts: { type: "array", maxItems: 3 },
        more: { type: "object", additionalProperties: { type: "boolean" } },
      },
    });
  });
});
