import { z } from "zod";

import { MemCubeError } from "../../errors.ts";
import { LIMITS } from "../../limits.ts";
import {
  edgeSchema,
  idSchema,
  MEMORY_KINDS,
  MEMORY_STATES,
  memoryHeaderSchema,
  principalListSchema,
  worldTimeSchema,
} from "../../memory/index.ts";
import { externalKeySchema } from "../reader/index.ts";
import { pathSchema, whereSchema } from "./where.ts";

const header = memoryHeaderSchema.shape;
const signal = z.instanceof(AbortSignal).optional();
/** A time that memcube acts by: from 1970 on. */
const timestamp = z.union([
  z.int().min(0),
  z
    .date()
    .min(new Date(0))
    .transform((date) => date.getTime()),
]);
/** A time in the world, which is older. */
const worldTime = z.union([worldTimeSchema, z.date().transform((date) => date.getTime())]);

/** Header fields a writer may set. */
const settable = {
  tags: header.tags.optional(),
  entities: header.entities.optional(),
  topic: header.topic,
  language: header.language,
  validFrom: worldTime.optional(),
  validTo: worldTime.optional(),
  credibility: header.credibility.optional(),
  allow: principalListSchema.optional(),
  deny: principalListSchema.optional(),
  expiresAt: timestamp.optional(),
  retentionMs: header.retentionMs,
  priority: header.priority.optional(),
  sensitivity: header.sensitivity.optional(),
  licence: header.licence,
  activation: header.activation,
  edges: z.array(edgeSchema).max(LIMITS.edges).optional(),
  /** Why, in words; kept with the version, erased with it. */
  note: z.string().max(65_536).optional(),
};

/** Header fields that a memory may be without, so that an update can take them away. */
export const UNSETTABLE = [
  "topic",
  "language",
  "validFrom",
  "validTo",
  "allow",
  "deny",
  "expiresAt",
  "retentionMs",
  "licence",
  "activation",
] as const;

export const addOptionsSchema = z.strictObject({
  ...settable,
  sessionId: idSchema.optional(),
  externalKey: externalKeySchema.optional(),
  /** Milliseconds from now until it expires; `expiresAt` goes before it. */
  ttlMs: z.int().min(1).optional(),
  idempotencyKey: z.string().min(1).max(1_024).optional(),
  /** What to do with an external key that is there already. */
  onDuplicate: z.enum(["skip", "update"]).default("skip"),
  /** Names of the speakers behind the roles "user" and "assistant". */
  speaker: z.strictObject({ user: idSchema.optional(), assistant: idSchema.optional() }).optional(),
  /** Tokens per chunk of a document. */
  chunkTokens: z.int().min(20).max(8_000).optional(),
  /** When the input has no time of its own. */
  at: worldTime.optional(),
  signal,
  onProgress: z
    .custom<(progress: AddProgress) => void>((value) => typeof value === "function")
    .optional(),
});

/** How far a long operation is. */
export interface Progress {
  readonly done: number;
  readonly total: number;
}

/** How far an `add` is, and what it has made durable: also when it fails or is aborted later. */
export interface AddProgress extends Progress {
  /** Ids of the pieces done since the last report, in the order of the input. */
  readonly ids: readonly string[];
}

export const updateOptionsSchema = z.strictObject({
  mode: z.enum(["append", "merge", "overwrite"]).default("merge"),
  expectedVersion: z.int().min(1).optional(),
  idempotencyKey: z.string().min(1).max(1_024).optional(),
  signal,
});

export const updatePatchSchema = z
  .strictObject({
    ...settable,
    text: z.string().optional(),
    payload: z.record(z.string(), z.unknown()).optional(),
    /** `false` thaws a frozen memory; nothing else may be changed in the same call. */
    frozen: z.boolean().optional(),
    /** Fields to take away. */
    unset: z.array(z.enum(UNSETTABLE)).max(UNSETTABLE.length).optional(),
  })
  .refine(
    (patch) => patch.unset?.every((field) => patch[field] === undefined) ?? true,
    "a field is either set or unset",
  );

export const changeOptionsSchema = z.strictObject({
  expectedVersion: z.int().min(1).optional(),
  note: z.string().max(65_536).optional(),
  signal,
});

const positionSchema = z.strictObject({ epoch: idSchema, seq: z.int().min(1), head: z.string() });

const valueFilter = {
  /** Values (`json` memories) whose path lies beneath this one; `[]` for all that have a path. */
  path: pathSchema.optional(),
  /** Values whose fields fit; see `whereSchema`. */
  where: whereSchema.optional(),
};

export const searchOptionsSchema = z.strictObject({
  limit: z.int().min(1).max(LIMITS.searchHits).optional(),
  budgetTokens: z.int().min(1).optional(),
  types: z.array(z.string()).min(1).optional(),
  tags: z.array(z.string()).min(1).optional(),
  sessionId: idSchema.optional(),
  from: worldTime.optional(),
  to: worldTime.optional(),
  ...valueFilter,
  /** At least as new as this position: read-your-writes across processes. */
  position: positionSchema.optional(),
  /** The same for views: a position for each cube that has one. */
  positions: z.record(idSchema, positionSchema).optional(),
  signal,
});

export const listOptionsSchema = z.strictObject({
  kinds: z.array(z.enum(MEMORY_KINDS)).min(1).optional(),
  types: z.array(z.string()).min(1).optional(),
  states: z.array(z.enum(MEMORY_STATES)).min(1).optional(),
  tags: z.array(z.string()).min(1).optional(),
  sessionId: idSchema.optional(),
  from: worldTime.optional(),
  to: worldTime.optional(),
  ...valueFilter,
  order: z.enum(["oldest", "newest"]).default("oldest"),
  limit: z.int().min(1).max(LIMITS.pageRows).default(100),
  cursor: z.string().optional(),
  withTotal: z.boolean().default(false),
  withUsage: z.boolean().default(false),
});

export const createCubeOptionsSchema = z.strictObject({
  title: z.string().max(1_024).optional(),
  description: z.string().max(65_536).optional(),
  tags: z.array(idSchema).max(LIMITS.labels).optional(),
  allow: principalListSchema.optional(),
  deny: principalListSchema.optional(),
  writers: principalListSchema.optional(),
});

export const idListSchema = z.union([idSchema, z.array(idSchema).min(1).max(LIMITS.commitWrites)]);
export { idSchema, positionSchema };

export type AddOptions = z.input<typeof addOptionsSchema>;
export type UpdateOptions = z.input<typeof updateOptionsSchema>;
export type UpdatePatch = z.input<typeof updatePatchSchema>;
export type ChangeOptions = z.input<typeof changeOptionsSchema>;
export type SearchOptions = z.input<typeof searchOptionsSchema>;
export type ListOptions = z.input<typeof listOptionsSchema>;
export type CreateCubeOptions = z.input<typeof createCubeOptionsSchema>;

/**
 * Checks what a user gave, once, at the boundary: also for adapters, so that all say it in the same words.
 *
 * @param what names the input in the error's message
 * @throws MemCubeError `MEMCUBE_INVALID_INPUT` with the path and the reason
 */
export function parseInput<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = issue?.path.map(String).join(".") ?? "";
  throw new MemCubeError(
    "MEMCUBE_INVALID_INPUT",
    `${what}${path === "" ? "" : `.${path}`}: ${issue?.message ?? "invalid"}`,
    { details: { what, path: issue?.path ?? [] }, cause: parsed.error },
  );
}
