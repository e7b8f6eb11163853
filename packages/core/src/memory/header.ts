import { z } from "zod";

import { LIMITS } from "../limits.ts";
import { idSchema } from "./ref.ts";
import { jsonObjectSchema } from "./json.ts";
import { principalListSchema, principalSchema } from "./principal.ts";
import { sourceSchema } from "./source.ts";
import { worldTimeSchema } from "./world-time.ts";

/** The three forms of memory (MemOS 2507.03724 section 4.1). */
export const MEMORY_KINDS = ["plaintext", "activation", "parameter"] as const;
export type MemoryKind = (typeof MEMORY_KINDS)[number];

/** Lifecycle states (MemOS 2507.03724 section 5.4.3); `forgotten` hides without destroying. */
export const MEMORY_STATES = [
  "generated",
  "activated",
  "merged",
  "archived",
  "expired",
  "forgotten",
] as const;
export type MemoryState = (typeof MEMORY_STATES)[number];

export const SENSITIVITIES = ["public", "internal", "confidential", "restricted"] as const;

/** States in which a memory is found by search and listed unless asked otherwise. */
export const LIVE_STATES: readonly MemoryState[] = ["generated", "activated"];

const timestamp = z.int().min(0).describe("milliseconds since 1970-01-01T00:00:00Z");
const labels = z.array(z.string().min(1).max(LIMITS.idChars)).max(LIMITS.labels);

/** What the memory is: the descriptive group of the paper's figure 6. */
export const descriptiveHeaderSchema = z.strictObject({
  id: idSchema,
  tenantId: idSchema,
  cubeId: idSchema,
  kind: z.enum(MEMORY_KINDS),
  /** Semantic type: equals the payload's `type`. */
  type: z.string().min(1).max(64),
  sources: z.array(sourceSchema).max(LIMITS.sources),
  /** The user's own key, unique among the cube's memories. */
  externalKey: idSchema.optional(),
  tags: labels,
  entities: labels,
  /** From the general to the particular: `["travel", "japan"]`. */
  topic: z.array(z.string().min(1).max(LIMITS.idChars)).max(LIMITS.topicDepth).optional(),
  /** BCP 47 primary language subtag. */
  language: z.string().min(2).max(16).optional(),
  createdAt: timestamp,
  updatedAt: timestamp,
  /** When what it says became and stopped being true in the world. */
  validFrom: worldTimeSchema.optional(),
  validTo: worldTimeSchema.optional(),
  /** 0 = rumour, 1 = certain. */
  credibility: z.number().min(0).max(1),
  /** SHA-256 (hex) of the payload's canonical JSON: equal fingerprint, equal content. */
  fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
});

/** Who may do what with it, and how long: the governance group of the paper's figure 6. */
export const governanceHeaderSchema = z.strictObject({
  owner: principalSchema,
  /** Who may read it beside the owner; left out, it inherits the cube's list. */
  allow: principalListSchema.optional(),
  /** Who may not, whatever allows them. */
  deny: principalListSchema.optional(),
  state: z.enum(MEMORY_STATES),
  /** Frozen memories refuse every change but `unfreeze` and `erase`. */
  frozen: z.boolean(),
  /** From then on it is neither found nor read. */
  expiresAt: timestamp.optional(),
  /** How long it is kept after it has expired, in milliseconds; then it is erased. Left out: for ever. */
  retentionMs: z.int().min(0).optional(),
  /** -100 to 100; the scheduler prefers higher ones under a budget. */
  priority: z.int().min(-100).max(100),
  sensitivity: z.enum(SENSITIVITIES),
  /** SPDX expression or a name of the user's own. */
  licence: z.string().max(LIMITS.idChars).optional(),
  /** When an activation or parameter memory may be used: model, task or scope conditions. */
  activation: jsonObjectSchema.optional(),
});

export type DescriptiveHeader = Readonly<z.infer<typeof descriptiveHeaderSchema>>;
export type GovernanceHeader = Readonly<z.infer<typeof governanceHeaderSchema>>;

/**
 * Header of a memory in the paper's groups (MemOS 2507.03724 figure 6). The third group, usage, is
 * a view on counters ({@link UsageView}) and never part of a version.
 */
export const memoryHeaderSchema = z.strictObject({
  ...descriptiveHeaderSchema.shape,
  ...governanceHeaderSchema.shape,
});

export interface MemoryHeader extends DescriptiveHeader, GovernanceHeader {}

/** How often and when a memory was used; a view on the usage port, outside every version. */
export interface UsageView {
  /** How often it was returned by a search or read by id. */
  readonly reads: number;
  /** How often it was placed into a prompt. */
  readonly injections: number;
  /** How often an answer was reported to have used it. */
  readonly uses: number;
  /** Milliseconds since the epoch; `undefined` when it was never used. */
  readonly lastUsedAt?: number;
}
