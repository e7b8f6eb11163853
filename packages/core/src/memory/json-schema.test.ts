import { describe, expect, test } from "vitest";

import { jsonSchemaOf } from "./json-schema.ts";
import { payloadSchema } from "./payload/index.ts";

describe("JSON Schema", () => {
  test("every payload type is one alternative", () => {
    const text = JSON.stringify(jsonSchemaOf("payload"));
    const types = ["text", "document", "turn", "fact", "event", "preference", "tool-schema"];
    for (const type of [...types, "tool-trajectory", "skill", "json", "kv-state", "lora"]) {
      expect(text).toContain(`"const":"${type}"`);
    }
  });

  test("the header names its required fields", () => {
    const schema = jsonSchemaOf("header") as { required: string[]; additionalProperties: boolean };
    expect(schema.required).toEqual(expect.arrayContaining(["id", "tenantId", "owner", "state"]));
    expect(schema.additionalProperties).toBe(false);
    expect(jsonSchemaOf("cube")).toHaveProperty("properties.writers");
    expect(jsonSchemaOf("content")).toHaveProperty("properties.edges");
  });

  test("a payload with fields it does not have is refused", () => {
    expect(payloadSchema.safeParse({ type: "fact", text: "x", colour: "red" }).success).toBe(false);
    expect(payloadSchema.safeParse({ type: "fact", text: "" }).success).toBe(false);
    expect(payloadSchema.safeParse({ type: "json", value: { a: [1, null] } }).success).toBe(true);
  });
});
