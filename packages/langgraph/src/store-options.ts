import { checkScoped, parseInput, type MemOS, type ScopeOption } from "@memcube/core";
import { z } from "zod";

/** What a `scope` function is told: the namespace that an operation is about. */
export interface StoreRequest {
  /** Of a search or a listing of namespaces its prefix, up to the first "*". */
  readonly namespace: readonly string[];
}

/** How long items live. */
export interface StoreTtl {
  /** Milliseconds from the last write, or read, until an item expires. */
  readonly defaultMs: number;
  /** Whether a read puts the expiry off. @default true */
  readonly refreshOnRead?: boolean;
  /**
   * Share of the time, 0 to 1, that must have passed before a read puts it off: each refresh is a commit.
   * @default 0.25
   */
  readonly refreshAfter?: number;
  /** Milliseconds that an expired item is kept, out of every read; then it is erased. @default 0 */
  readonly retentionMs?: number;
}

/** Options of `MemCubeStore`. */
export interface MemCubeStoreOptions {
  readonly os: MemOS;
  /**
   * Whose memory, and in which cube; may depend on the namespace.
   * @default user "local" of tenant "default", in their own cube: single-user mode
   */
  readonly scope?: ScopeOption<StoreRequest>;
  /** Which fields of a value a query finds it by, unless `put` says so. @default { fields: ["$"] } */
  readonly index?: { readonly fields?: readonly string[] };
  /**
   * Whether a search with a query gives, after what it found, the other items of the namespace without a
   * score, until `limit` is reached: as `InMemoryStore` does.
   * @default false
   */
  readonly fill?: boolean;
  /** @default items live until they are deleted */
  readonly ttl?: StoreTtl;
  /**
   * What a deletion does: `forget` takes the item out of every read and keeps its history, `erase`
   * destroys the content.
   * @default "forget"
   */
  readonly deletion?: "forget" | "erase";
}

const optionsSchema = z.strictObject({
  os: z.custom<MemOS>(),
  scope: z.custom<ScopeOption<StoreRequest>>().optional(),
  fill: z.boolean().default(false),
  index: z.strictObject({ fields: z.array(z.string()).readonly().default(["$"]) }).prefault({}),
  ttl: z
    .strictObject({
      defaultMs: z.int().min(1),
      refreshOnRead: z.boolean().default(true),
      refreshAfter: z.number().min(0).max(1).default(0.25),
      retentionMs: z.int().min(0).default(0),
    })
    .optional(),
  deletion: z.enum(["forget", "erase"]).default("forget"),
});

export type ParsedStoreOptions = z.output<typeof optionsSchema>;

/** @throws MemCubeError `MEMCUBE_INVALID_INPUT` */
export function parseStoreOptions(options: MemCubeStoreOptions): ParsedStoreOptions {
  checkScoped(options, "MemCubeStore");
  return parseInput(optionsSchema, options, "MemCubeStore");
}
