import type { JsonObject } from "@memcube/core";
import type { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { OutputParserException } from "@langchain/core/output_parsers";
import { toJsonSchema } from "@langchain/core/utils/json_schema";
import { z } from "zod";

/** What `withStructuredOutput` takes: a schema of zod or another Standard Schema, or a JSON schema. */
export type OutputSchema<Output extends Record<string, unknown>> =
  | Parameters<typeof BaseChatModel.prototype.withStructuredOutput<Output>>[0]
  | Record<string, unknown>;

/** https://standardschema.dev, as far as it is used here; zod implements it. */
const standardSchema = z.looseObject({
  "~standard": z.looseObject({
    validate: z.custom<Validate>((value) => typeof value === "function"),
  }),
});
type Validate = (value: unknown) => Checked | Promise<Checked>;
interface Checked {
  readonly value?: unknown;
  readonly issues?: readonly { readonly message: string }[] | undefined;
}

export function jsonSchemaOf(schema: object): JsonObject {
  return toJsonSchema(schema as Parameters<typeof toJsonSchema>[0]) as JsonObject;
}

/** @throws OutputParserException when the text is no JSON (it was cut) or breaks the schema */
export async function parseOutput<Output>(schema: object, text: string): Promise<Output> {
  const value = parseJson(text);
  const standard = "~standard" in schema ? standardSchema.safeParse(schema) : undefined;
  if (standard?.data === undefined) return value as Output;
  const checked = await standard.data["~standard"].validate(value);
  if (checked.issues === undefined) return checked.value as Output;
  const problems = checked.issues.map(({ message }) => message).join("; ");
  throw new OutputParserException(`the answer does not fit the schema: ${problems}`, text);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new OutputParserException("the answer is no whole JSON", text);
  }
}
