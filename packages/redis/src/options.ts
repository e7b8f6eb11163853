import type { BlobStore } from "@memcube/core";
import { z } from "zod";

import type { NativeClient } from "./connection/native-client.ts";

/** Options of `redisStorage`: either `url` or `client`. */
export interface RedisStorageOptions {
  /** `redis://`, `rediss://` (TLS) with user, password and database. The storage makes its own client. */
  readonly url?: string;
  /**
   * A client of the package `redis`: made by `createClient`, `createClientPool`, `createSentinel` or
   * `createCluster`. It is connected when it is not, used besides by whoever made it, and left open.
   */
  readonly client?: NativeClient;
  /** Begins every key and channel, without braces. @default "memcube" */
  readonly prefix?: string;
  /**
   * `query-engine`: candidates come from RediSearch (Redis 8, Redis Stack); `local`: there are none and
   * the core's own index does all searches; `auto`: what the server has.
   * @default "auto"
   */
  readonly search?: "auto" | "query-engine" | "local";
  /**
   * Also indexes the vectors of one model in the query engine, so that candidates of a cold cube come by
   * meaning, too. Set it from the beginning: memories whose vectors were stored without it are proposed
   * by their words only, until they are embedded anew. @default no vectors
   */
  readonly vectors?: {
    /** Name of the embedder's model, as the embedder has it. */
    readonly model: string;
    readonly dimensions: number;
    /** `flat` is exact, and quick up to some 20,000 memories. @default "hnsw" */
    readonly algorithm?: "hnsw" | "flat";
    /** `float16` takes 30 % less RAM in the index, from Redis 8 or Stack 7.4 on. @default "float32" */
    readonly type?: "float32" | "float16";
  };
  /** Where blobs lie that are larger than `redisBlobBytes`. @default Redis takes those of any size */
  readonly blobs?: BlobStore;
  /** Blobs up to this size lie in Redis when `blobs` is given. @default 65536 */
  readonly redisBlobBytes?: number;
  /** How long a call may take before `MEMCUBE_STORAGE_UNREACHABLE`. @default 5000 */
  readonly timeoutMs?: number;
  /** How long connecting may take, all tries together. @default 10000 */
  readonly connectTimeoutMs?: number;
  /** Scripts as a function library; `false`: through EVALSHA. @default true, where it is allowed */
  readonly functions?: boolean;
  /**
   * What an acknowledged commit survives, where the server can't be asked (CONFIG forbidden).
   * @default what the server says; "process" when it says nothing
   */
  readonly durability?: "power" | "process" | "none";
  /**
   * Before a commit is acknowledged, so many replicas must have it (WAIT), and with `fsync` so must the
   * disk of the master (WAITAOF, Redis 7.2). Not with a pool. @default no waiting
   */
  readonly acknowledge?: { readonly replicas?: number; readonly fsync?: boolean };
  /**
   * For how long what is known of a cube counts without asking, once a change feed vouches for it: the
   * longest a process that lost its connection unnoticed may show what is no longer so. 0: always ask.
   * @default 250
   */
  readonly feedLeaseMs?: number;
  /** Uses a server that evicts keys when it is full: memories will be lost. @default false */
  readonly allowEviction?: boolean;
}

const clientSchema = z.custom<NativeClient>(
  (value) => typeof value === "object" && value !== null && "sendCommand" in value,
  "a client of the package redis",
);
const blobsSchema = z.custom<BlobStore>((value) => typeof value === "object" && value !== null);

const optionsSchema = z
  .strictObject({
    url: z.url({ protocol: /^rediss?$/u }).optional(),
    client: clientSchema.optional(),
    prefix: z
      .string()
      .min(1)
      .max(64)
      .regex(/^[^{}\s]+$/u, "no braces and no white space")
      .default("memcube"),
    search: z.enum(["auto", "query-engine", "local"]).default("auto"),
    vectors: z
      .strictObject({
        model: z.string().min(1).max(256),
        dimensions: z.int().min(1).max(32_768),
        algorithm: z.enum(["hnsw", "flat"]).default("hnsw"),
        type: z.enum(["float32", "float16"]).default("float32"),
      })
      .optional(),
    blobs: blobsSchema.optional(),
    redisBlobBytes: z.int().min(0).default(65_536),
    timeoutMs: z.int().min(50).max(600_000).default(5_000),
    connectTimeoutMs: z.int().min(50).max(600_000).default(10_000),
    functions: z.boolean().default(true),
    durability: z.enum(["power", "process", "none"]).optional(),
    acknowledge: z
      .strictObject({
        replicas: z.int().min(0).max(16).default(0),
        fsync: z.boolean().default(false),
      })
      .prefault({}),
    feedLeaseMs: z.int().min(0).max(10_000).default(250),
    allowEviction: z.boolean().default(false),
  })
  .refine(({ url, client }) => (url === undefined) !== (client === undefined), {
    message: "either url or client",
  });

export type ParsedOptions = Readonly<z.output<typeof optionsSchema>>;
export type VectorOptions = Readonly<NonNullable<ParsedOptions["vectors"]>>;

/** @throws TypeError naming the wrong option; never showing the URL, which may hold a password */
export function parseOptions(options: RedisStorageOptions): ParsedOptions {
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success) throw new TypeError(`redisStorage: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
