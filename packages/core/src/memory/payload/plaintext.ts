import { z } from "zod";

import { LIMITS } from "../../limits.ts";
import { jsonObjectSchema, jsonValueSchema } from "../json.ts";
import { worldTimeSchema } from "../world-time.ts";

const text = z.string().min(1);
const label = z.string().min(1).max(LIMITS.idChars);
const pathElement = z
  .string()
  .max(LIMITS.pathChars)
  .refine((text) => text.isWellFormed() && !text.includes("\0"), "must be storable text");

/** A piece of text with no further structure. */
export const textPayloadSchema = z.strictObject({ type: z.literal("text"), text });

/** A document or one chunk of it. */
export const documentPayloadSchema = z.strictObject({
  type: z.literal("document"),
  text,
  title: z.string().max(1_024).optional(),
  uri: z.string().max(2_048).optional(),
  mediaType: z.string().max(255).optional(),
  chunk: z
    .strictObject({
      index: z.int().min(0),
      count: z.int().min(1),
      /** Headings above the chunk, outermost first. */
      heading: z.array(z.string()).optional(),
    })
    .optional(),
});

/** One message of a conversation, as it was said. */
export const turnPayloadSchema = z.strictObject({
  type: z.literal("turn"),
  text: z.string(),
  role: z.enum(["user", "assistant", "system", "tool"]),
  speaker: label.optional(),
  sessionId: label.optional(),
  /** Place within the session, from 0. */
  order: z.int().min(0),
  /** What an image or file of the message shows. */
  caption: z.string().optional(),
  toolCalls: z
    .array(z.strictObject({ id: z.string(), name: z.string(), input: jsonValueSchema }))
    .optional(),
  toolResult: z
    .strictObject({
      id: z.string(),
      name: z.string().optional(),
      output: jsonValueSchema.optional(),
    })
    .optional(),
  /**
   * The message as its framework has it, to be given back unchanged. Neither searched nor rendered; gone
   * when what the turn says or does is changed without it, so that nobody is shown what was corrected.
   */
  original: z.strictObject({ format: label, value: jsonValueSchema }).optional(),
});

/** A statement held to be true, optionally as subject, predicate, object. */
export const factPayloadSchema = z.strictObject({
  type: z.literal("fact"),
  text,
  subject: label.optional(),
  predicate: label.optional(),
  object: z.string().optional(),
});

/** Something that happened or will happen. */
export const eventPayloadSchema = z.strictObject({
  type: z.literal("event"),
  text,
  startsAt: worldTimeSchema.optional(),
  endsAt: worldTimeSchema.optional(),
  participants: z.array(label).max(LIMITS.labels).optional(),
  place: z.string().optional(),
});

/** What somebody likes, avoids or wants to be done in a certain way. */
export const preferencePayloadSchema = z.strictObject({
  type: z.literal("preference"),
  text,
  holder: label.optional(),
  polarity: z.enum(["like", "dislike", "neutral"]).optional(),
  /** `explicit` was said, `implicit` was inferred. */
  evidence: z.enum(["explicit", "implicit"]).optional(),
});

/** A tool an agent may call. */
export const toolSchemaPayloadSchema = z.strictObject({
  type: z.literal("tool-schema"),
  name: label,
  description: z.string(),
  /** JSON Schema of the input. */
  inputSchema: jsonObjectSchema,
  outputSchema: jsonObjectSchema.optional(),
});

/** What happened when tools were called for a task, and what was learned. */
export const toolTrajectoryPayloadSchema = z.strictObject({
  type: z.literal("tool-trajectory"),
  task: text,
  steps: z.array(
    z.strictObject({
      tool: label,
      input: jsonValueSchema,
      output: jsonValueSchema.optional(),
      succeeded: z.boolean().optional(),
    }),
  ),
  outcome: z.enum(["success", "failure", "unknown"]),
  lesson: z.string().optional(),
});

/** A way of doing something, as instructions and files. */
export const skillPayloadSchema = z.strictObject({
  type: z.literal("skill"),
  name: label,
  description: z.string(),
  instructions: text,
  files: z.array(z.strictObject({ path: z.string(), blob: z.string() })).optional(),
});

/** Any JSON value of the user's own. */
export const jsonPayloadSchema = z.strictObject({
  type: z.literal("json"),
  value: jsonValueSchema,
  /** What search sees; left out, the strings within the value. Empty: search does not find it. */
  text: z.string().optional(),
  /** Where it lies among other values, its own name last; it has the external key of that. */
  path: z.array(pathElement).min(1).max(LIMITS.pathDepth).readonly().optional(),
});

export const plaintextPayloadSchema = z.discriminatedUnion("type", [
  textPayloadSchema,
  documentPayloadSchema,
  turnPayloadSchema,
  factPayloadSchema,
  eventPayloadSchema,
  preferencePayloadSchema,
  toolSchemaPayloadSchema,
  toolTrajectoryPayloadSchema,
  skillPayloadSchema,
  jsonPayloadSchema,
]);

export type TextPayload = Readonly<z.infer<typeof textPayloadSchema>>;
export type DocumentPayload = Readonly<z.infer<typeof documentPayloadSchema>>;
export type TurnPayload = Readonly<z.infer<typeof turnPayloadSchema>>;
export type FactPayload = Readonly<z.infer<typeof factPayloadSchema>>;
export type EventPayload = Readonly<z.infer<typeof eventPayloadSchema>>;
export type PreferencePayload = Readonly<z.infer<typeof preferencePayloadSchema>>;
export type ToolSchemaPayload = Readonly<z.infer<typeof toolSchemaPayloadSchema>>;
export type ToolTrajectoryPayload = Readonly<z.infer<typeof toolTrajectoryPayloadSchema>>;
export type SkillPayload = Readonly<z.infer<typeof skillPayloadSchema>>;
export type JsonPayload = Readonly<z.infer<typeof jsonPayloadSchema>>;
export type PlaintextPayload = Readonly<z.infer<typeof plaintextPayloadSchema>>;
export type PlaintextType = PlaintextPayload["type"];
