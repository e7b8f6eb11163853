import { z } from "zod";

import { cubeHeaderSchema } from "./cube.ts";
import { memoryHeaderSchema } from "./header.ts";
import type { JsonObject } from "./json.ts";
import { memoryContentSchema } from "./memory.ts";
import { payloadSchema } from "./payload/index.ts";

const SCHEMAS = {
  content: memoryContentSchema,
  header: memoryHeaderSchema,
  payload: payloadSchema,
  cube: cubeHeaderSchema,
} as const;

/** JSON Schema (draft 2020-12) of a part of the model, for other languages and for forms. */
export function jsonSchemaOf(part: keyof typeof SCHEMAS): JsonObject {
  return z.toJSONSchema(SCHEMAS[part], { io: "input" }) as JsonObject;
}
