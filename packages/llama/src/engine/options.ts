import { resolve } from "node:path";
import { z } from "zod";

import type { KvStoreOptions } from "../kv/kv-options.ts";
import type { KvStore } from "../kv/types.ts";
import type { LoraSource } from "../lora/types.ts";

/** How far the opening of a model has come. */
export interface ModelProgress {
  readonly phase: "hash" | "load";
  /** From 0 to 1. */
  readonly done: number;
}

/** Options of {@link llamaEngine}. */
export interface LlamaEngineOptions {
  /** Path of a GGUF file of one part. */
  readonly model: string;
  /**
   * Refuses a file with another SHA-256. Without it, a file is first loaded in a process of its own,
   * once: llama.cpp ends the process over some damaged files.
   * @default none: any file
   */
  readonly sha256?: string;
  /** Name of the model for people and frameworks. @default what the file says, or its name */
  readonly id?: string;
  /**
   * Tokens of prompt and answer together; rounded up to whole pages of 256. RAM for it is taken once
   * for each context.
   * @default what the model was trained for, at most 8192
   */
  readonly contextSize?: number;
  /**
   * Contexts at most: so many requests run at a time, and so many LoRA sets stay ready. One that is
   * needed for another set is freed when it is idle.
   * @default 2
   */
  readonly maxContexts?: number;
  /**
   * Threads for all requests together. More than there are free cores makes everything many times
   * slower: threads wait for each other at every layer.
   * @default the cores that are of use for arithmetic
   */
  readonly threads?: number;
  /**
   * Where it computes. Bit-exact restoring is measured on the CPU only.
   * @default false: the CPU
   */
  readonly gpu?: false | "auto" | "metal" | "cuda" | "vulkan";
  /**
   * Keeps states of prompt prefixes beyond a request and a process: `{ directory }`, or a store of
   * your own, which `close()` leaves open.
   * @default none: what the contexts hold
   */
  readonly kv?: KvStoreOptions | KvStore;
  /** Where the LoRAs that requests name are found. @default none */
  readonly lora?: LoraSource;
  /** Written before a text that is embedded, as the model's card says. @default "" */
  readonly embeddingPrefix?: { readonly query?: string; readonly document?: string };
  /** How long `close()` waits for running requests before it ends them. @default 10000 */
  readonly closeGraceMs?: number;
  readonly onProgress?: (progress: ModelProgress) => void;
  /** Stops the opening. */
  readonly signal?: AbortSignal;
}

const PAGE = 256;

const optionsSchema = z.strictObject({
  model: z.string().min(1),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  id: z.string().min(1).optional(),
  contextSize: z.int().min(PAGE).max(4_194_304).optional(),
  maxContexts: z.int().min(1).max(64).default(2),
  threads: z.int().min(1).max(1_024).optional(),
  gpu: z.union([z.literal(false), z.enum(["auto", "metal", "cuda", "vulkan"])]).default(false),
  kv: z
    .custom<KvStoreOptions | KvStore>((value) => typeof value === "object" && value !== null)
    .optional(),
  lora: z.custom<LoraSource>((value) => hasMethods(value, ["resolve"])).optional(),
  embeddingPrefix: z
    .strictObject({ query: z.string().default(""), document: z.string().default("") })
    .default({ query: "", document: "" }),
  closeGraceMs: z.int().min(0).max(3_600_000).default(10_000),
  onProgress: z.custom<(progress: ModelProgress) => void>(isFunction).optional(),
  signal: z.instanceof(AbortSignal).optional(),
});

export type ParsedOptions = Readonly<z.infer<typeof optionsSchema>>;

/** @throws TypeError naming the wrong option */
export function parseOptions(options: LlamaEngineOptions): ParsedOptions {
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success) throw new TypeError(`llamaEngine: ${z.prettifyError(parsed.error)}`);
  return { ...parsed.data, model: resolve(parsed.data.model) };
}

export function isKvStore(kv: KvStoreOptions | KvStore): kv is KvStore {
  return hasMethods(kv, ["fill", "close"]);
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}

function hasMethods(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== "object" || value === null) return false;
  return names.every((name) => isFunction((value as Record<string, unknown>)[name]));
}
