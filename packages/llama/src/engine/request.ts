import { type EngineRequest, MemCubeError } from "@memcube/core";
import { z } from "zod";

const name = z.string().min(1).max(256);
const jsonObject = z.record(z.string(), z.json());

const toolCall = z.strictObject({ id: name, name, arguments: jsonObject });

const message = z.discriminatedUnion("role", [
  z.strictObject({ role: z.literal("system"), text: z.string() }),
  z.strictObject({ role: z.literal("user"), text: z.string() }),
  z.strictObject({
    role: z.literal("assistant"),
    text: z.string(),
    toolCalls: z.array(toolCall).optional(),
  }),
  z.strictObject({ role: z.literal("tool"), callId: name, result: z.json() }),
]);

const sampling = z.strictObject({
  temperature: z.number().min(0).max(100).optional(),
  topP: z.number().gt(0).max(1).optional(),
  topK: z.int().min(1).optional(),
  seed: z.int().min(0).max(0xffff_ffff).optional(),
  maxTokens: z.int().min(1).optional(),
  stop: z.array(z.string().min(1)).max(64).optional(),
});

const requestSchema = z.strictObject({
  messages: z.array(message).min(1),
  tools: z
    .array(z.strictObject({ name, description: z.string().optional(), parameters: jsonObject }))
    .optional(),
  toolChoice: z
    .union([z.enum(["auto", "none", "required"]), z.strictObject({ name })])
    .default("auto"),
  responseFormat: z
    .discriminatedUnion("type", [
      z.strictObject({ type: z.literal("text") }),
      z.strictObject({ type: z.literal("json"), schema: jsonObject.optional() }),
    ])
    .default({ type: "text" }),
  sampling: sampling.default({}),
  lora: z
    .array(z.strictObject({ id: name, scale: z.number().min(-100).max(100).default(1) }))
    .max(16)
    .default([]),
  cachePrompt: z.boolean().default(true),
  cacheScope: z.string().max(1_024).default(""),
  stableThrough: z.string().optional(),
});

export type ParsedRequest = Readonly<z.infer<typeof requestSchema>>;

/** @throws MemCubeError `MEMCUBE_INVALID_INPUT` with `details.path` */
export function parseRequest(request: EngineRequest): ParsedRequest {
  const parsed = requestSchema.safeParse(request);
  if (parsed.success) return parsed.data;
  throw new MemCubeError("MEMCUBE_INVALID_INPUT", z.prettifyError(parsed.error), {
    details: { path: parsed.error.issues[0]?.path.join(".") ?? "" },
  });
}
