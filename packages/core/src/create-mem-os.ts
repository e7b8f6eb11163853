import { randomUUID } from "node:crypto";

import { z } from "zod";

import {
  DEMOTE_TASK,
  EMBED_TASK,
  engineEmbedder,
  fillVectors,
  memSession,
  parseInput,
  RETIRE_TASK,
  runEmbedTask,
  runDemoteTask,
  runRetireTask,
  runScrubTask,
  SCRUB_TASK,
  type ApiContext,
  type MemOS,
} from "./interface/api/index.ts";
import { DROP_BLOBS_TASK, runDropBlobsTask } from "./infrastructure/vault/index.ts";
import { LIMITS } from "./limits.ts";
import { LogKeeper } from "./operation/lifecycle/index.ts";
import { IndexCache, MemoryCache } from "./operation/operator/index.ts";
import { SideWork, TaskWorker, UsageBuffer, UseCounts } from "./operation/scheduler/index.ts";
import type {
  Clock,
  Embedder,
  Engine,
  FileParser,
  Ids,
  PromptStates,
  Signer,
  Storage,
  Tokenizer,
} from "./ports/index.ts";
import { randomIds } from "./random-ids.ts";

/** Options of {@link createMemOS}. */
export interface MemOSOptions {
  /** Where memory is kept: `sqliteStorage(...)`, `redisStorage(...)`. Closed with the OS. */
  readonly storage: Storage;
  /** Adds search by meaning. @default the engine's, if it embeds; else search is lexical and structural */
  readonly embedder?: Embedder;
  /** Counts tokens for budgets. @default the engine; else an estimate that needs no model */
  readonly tokenizer?: Tokenizer;
  /** A model of one's own (`llamaEngine(...)`). It stays open when the OS is closed. */
  readonly engine?: Engine;
  /**
   * More models of one's own, by the names that applications use: `{ chat, vectors }`. Prompts to a model of an
   * engine, by such a name, its own or its SHA-256, get LoRAs and KV states from memory. They stay open, too.
   */
  readonly engines?: Readonly<Record<string, Engine>>;
  /**
   * When the state of a prompt's stable part is kept as an activation memory: after so many uses, within so
   * many bytes per user and cube. `false`: never.
   * @default { afterUses: 3, budgetBytes: 1073741824 }
   */
  readonly promotion?: false | { readonly afterUses?: number; readonly budgetBytes?: number };
  /** Signs the seals of every log. @default seals are not signed */
  readonly signer?: Signer;
  /** What engines keep of prompts: it is dropped when memories of the tenant are erased. */
  readonly promptStates?: readonly PromptStates[];
  /** Readers for files of other formats. */
  readonly parsers?: readonly FileParser[];
  /** Heap bytes that indexes may take in all. @default 268435456 (256 MiB) */
  readonly indexBudgetBytes?: number;
  /** Heap bytes for memories returned lately. @default 33554432 (32 MiB) */
  readonly memoryBudgetBytes?: number;
  /** Commits per cube that stay in hot storage. @default LIMITS.hotCommits */
  readonly hotCommits?: number;
  /** Whether this process runs background tasks. @default true */
  readonly worker?: boolean;
  /** @default the system's time */
  readonly clock?: Clock;
  /** @default random ids */
  readonly ids?: Ids;
}

const MIB = 1_048_576;
const numbersSchema = z.object({
  indexBudgetBytes: z
    .int()
    .min(0)
    .default(256 * MIB),
  memoryBudgetBytes: z
    .int()
    .min(0)
    .default(32 * MIB),
  hotCommits: z.int().min(1).default(LIMITS.hotCommits),
  worker: z.boolean().default(true),
  promotion: z
    .union([
      z.literal(false),
      z.strictObject({
        afterUses: z.int().min(1).default(3),
        budgetBytes: z
          .int()
          .min(0)
          .default(1_024 * MIB),
      }),
    ])
    .default({ afterUses: 3, budgetBytes: 1_024 * MIB }),
});

/**
 * Joins the layers to a running memory OS (MemOS 2507.03724 section 5). The storage passes into its
 * hands: `close()` closes it.
 *
 * @throws MemCubeError `MEMCUBE_INVALID_INPUT` for bad options
 */
export function createMemOS(options: MemOSOptions): MemOS {
  const { indexBudgetBytes, memoryBudgetBytes, hotCommits, worker, promotion } = parseInput(
    numbersSchema,
    options,
    "options",
  );
  const { storage, engine, signer } = options;
  const engines = namedEngines(options);
  const embedder = options.embedder ?? (engine && engineEmbedder(engine));
  const tokenizer = options.tokenizer ?? engine;
  const clock = options.clock ?? { now: () => Date.now() };
  const process = randomUUID();
  const memories = new MemoryCache(memoryBudgetBytes);
  const indexes = new IndexCache(storage, {
    budgetBytes: indexBudgetBytes,
    model: embedder?.model,
    clock,
    process,
    memories,
    unembedded: (ref, ids) => void fillVectors(context, ref, ids),
  });
  const context: ApiContext = {
    storage,
    clock,
    ids: options.ids ?? randomIds(),
    operator: {
      vault: storage.vault,
      indexes,
      memories,
      ...(embedder === undefined ? {} : { embedder }),
    },
    usage: new UsageBuffer(storage.usage),
    worker: new TaskWorker(storage.queue, clock, process),
    keeper: new LogKeeper(storage, {
      clock,
      sealer: process,
      hotCommits,
      ...(signer === undefined ? {} : { signer }),
    }),
    ...(tokenizer === undefined ? {} : { tokenizer }),
    parsers: options.parsers ?? [],
    promptStates: [...new Set([...(options.promptStates ?? []), ...engines.values()])],
    engines,
    ...(promotion === false
      ? {}
      : { promotion: { ...promotion, uses: new UseCounts(), work: new SideWork() } }),
    ...(signer === undefined ? {} : { signer }),
    headers: new Map(),
    state: { closed: false },
  };
  if (worker) registerTasks(context);
  const works = new Set<() => Promise<unknown>>();
  const close = closer(context, works);
  return {
    storage: storage.name,
    as: (caller) => memSession(context, caller),
    idle: async () => {
      await context.promotion?.work.idle();
      await context.worker.idle();
    },
    beforeClose: (given) => {
      const work = async () => await given();
      works.add(work);
      return () => void works.delete(work);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Engines by every name that a prompt's model may have; a name given goes before the engine's own. */
function namedEngines({
  engine,
  engines = {},
}: Pick<MemOSOptions, "engine" | "engines">): ReadonlyMap<string, Engine> {
  const all = [...(engine === undefined ? [] : [engine]), ...Object.values(engines)];
  const own = all.flatMap((one) => [
    [one.model.id, one] as const,
    [one.model.sha256, one] as const,
  ]);
  return new Map([...own.toReversed(), ...Object.entries(engines)]);
}

function registerTasks(context: ApiContext): void {
  const { worker, operator } = context;
  worker.handle(DROP_BLOBS_TASK, async (task) => await runDropBlobsTask(context.storage, task));
  worker.handle(DEMOTE_TASK, async (task) => await runDemoteTask(context, task));
  worker.handle(SCRUB_TASK, async (task) => await runScrubTask(context, task));
  worker.handle(RETIRE_TASK, async (task) => await runRetireTask(context, task));
  if (operator.embedder !== undefined) {
    worker.handle(EMBED_TASK, async (task, signal) => await runEmbedTask(context, task, signal));
  }
  worker.start();
}

/** Closes once, in the order in which the parts depend on each other. */
function closer(
  context: ApiContext,
  works: ReadonlySet<() => Promise<unknown>>,
): () => Promise<void> {
  let closing: Promise<void> | undefined;
  const close = async () => {
    if (works.size > 0) await Promise.allSettled([...works].map(async (work) => await work()));
    await context.promotion?.work.close();
    context.state.closed = true;
    await context.worker.close();
    await context.usage.flush();
    await context.keeper.close();
    await context.operator.indexes.close();
    context.operator.memories.clear();
    await context.storage.close();
  };
  return async () => await (closing ??= close());
}
