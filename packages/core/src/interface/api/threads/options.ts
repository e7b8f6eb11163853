import { z } from "zod";

import { LIMITS } from "../../../limits.ts";

const nameSchema = z.string().max(LIMITS.threadNameChars);
const idSchema = nameSchema.min(1);
const limitSchema = z.int().min(1).max(LIMITS.pageRows);
const ttlSchema = z.int().min(1).optional();

export const threadIdSchema = idSchema;
export const placeSchema = z.strictObject({ namespace: nameSchema.default(""), id: idSchema });
export const stepSchema = placeSchema.extend({
  parentId: idSchema.optional(),
  needsAncestors: z.boolean().default(false),
  ttlMs: ttlSchema,
});
export const writesSchema = placeSchema.extend({
  taskId: nameSchema,
  taskPath: nameSchema.default(""),
  ttlMs: ttlSchema,
});
export const getSchema = z.strictObject({
  namespace: nameSchema.default(""),
  id: idSchema.optional(),
});
export const listSchema = z.strictObject({
  namespace: nameSchema.optional(),
  before: nameSchema.optional(),
  limit: limitSchema.default(LIMITS.threadPage),
  cursor: z.string().optional(),
});
export const lineageSchema = placeSchema.extend({ limit: limitSchema.default(LIMITS.threadPage) });
export const listThreadsSchema = z.strictObject({
  limit: limitSchema.default(100),
  cursor: z.string().optional(),
});
export const pruneSchema = z.strictObject({ keep: z.int().min(1).default(1) });
export const searchSchema = z.strictObject({
  limit: limitSchema.default(20),
});

/** Which checkpoint: without `id` the newest of the namespace. */
export type GetCheckpointOptions = z.input<typeof getSchema>;
export type ListCheckpointsOptions = z.input<typeof listSchema>;
export type LineageOptions = z.input<typeof lineageSchema>;
export type ListThreadsOptions = z.input<typeof listThreadsSchema>;
export type PruneOptions = z.input<typeof pruneSchema>;
export type SearchThreadsOptions = z.input<typeof searchSchema>;
