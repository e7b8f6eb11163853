import { z } from "zod";

import { idSchema, MEMORY_KINDS, MEMORY_STATES } from "../memory/index.ts";
import { ACTIONS } from "./decision.ts";

/** What one line of the log says was done. */
export const CHANGE_OPS = [
  "cube.create",
  "cube.update",
  "add",
  "update",
  "rollback",
  "transition",
  "forget",
  "erase",
  "embed",
] as const;
export type ChangeOp = (typeof CHANGE_OPS)[number];

/**
 * One line of a commit. Lines hold ids, codes and salted commitments only: text, tags, entities,
 * fingerprints and reasons in words are payload, which can be erased.
 */
export const changeLineSchema = z.strictObject({
  op: z.enum(CHANGE_OPS),
  /** Left out for changes of the cube itself. */
  memoryId: idSchema.optional(),
  /** The version that this change wrote; left out where none was (erase, embed). */
  version: z.int().min(1).optional(),
  commitment: z.string().optional(),
  kind: z.enum(MEMORY_KINDS).optional(),
  type: z.string().optional(),
  state: z.enum(MEMORY_STATES).optional(),
  /** Version that a rollback restored. */
  restored: z.int().min(1).optional(),
  /** Embedding model whose vector was stored. */
  model: z.string().optional(),
});
export type ChangeLine = Readonly<z.infer<typeof changeLineSchema>>;

/** What a commit consists of; its canonical JSON is what the digest covers. */
export const commitBodySchema = z.strictObject({
  format: z.literal(1),
  tenantId: idSchema,
  cubeId: idSchema,
  commitId: idSchema,
  /** The writer's clock; the log's own time never goes back (`max(previous, supplied)`). */
  at: z.int().min(0),
  actor: z.strictObject({
    userId: idSchema,
    agentId: idSchema.optional(),
    via: idSchema.optional(),
    purpose: idSchema.optional(),
  }),
  /** The decision that allowed it. */
  decision: z.strictObject({ action: z.enum(ACTIONS), rules: z.array(z.string()).min(1) }),
  changes: z.array(changeLineSchema).min(1),
});
export type CommitBody = Readonly<z.infer<typeof commitBodySchema>>;

/** One change with the commit it belongs to: what `cube.log()` yields. */
export interface Change extends ChangeLine {
  readonly cubeId: string;
  readonly seq: number;
  /** Milliseconds since the epoch; never goes back along a log. */
  readonly at: number;
  readonly commitId: string;
  readonly actor: CommitBody["actor"];
  readonly decision: CommitBody["decision"];
  /** Position after the commit: pass it as `since` to go on from here. */
  readonly position: { readonly epoch: string; readonly seq: number; readonly head: string };
}

/** A sealer's signature under a stretch of the log. */
export interface Seal {
  /** First and last commit it covers; seals are contiguous from 1. */
  readonly fromSeq: number;
  readonly toSeq: number;
  /** SHA-256 (hex) over the previous seal's root and each covered commit's seq, time and digest. */
  readonly root: string;
  readonly at: number;
  /** Who sealed: a process id of the writer's own choosing. */
  readonly sealer: string;
  /** Signature of the root by the key named, when a signer was given. */
  readonly keyId?: string;
  readonly signature?: string;
}
