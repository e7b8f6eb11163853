import { z } from "zod";

import { memoryRefSchema } from "./ref.ts";

/**
 * Typed relations from a memory to another. `derived-from` and `merged-from` are lineage: when the
 * target changes or is erased, whoever depends on it is found by `dependents(ref)`.
 */
export const EDGE_TYPES = [
  "derived-from",
  "merged-from",
  "supersedes",
  "contradicts",
  "supports",
  "follows",
  "part-of",
  "about",
  "relates-to",
] as const;
export type EdgeType = (typeof EDGE_TYPES)[number];

export const edgeSchema = z.strictObject({
  type: z.enum(EDGE_TYPES),
  to: memoryRefSchema,
  /** Version of the target that was meant, for lineage. */
  toVersion: z.int().min(1).optional(),
  /** 0 to 1. */
  weight: z.number().min(0).max(1).optional(),
});

/** One relation, as stored with the version of the memory it starts from. */
export type Edge = Readonly<z.infer<typeof edgeSchema>>;
