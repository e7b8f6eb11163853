import {
  checkScoped,
  parseInput,
  resolveScope,
  type MemOS,
  type ResolvedScope,
  type Scope,
} from "@memcube/core";
import type { MemoryConfig } from "@mastra/core/memory";
import { z } from "zod";

/** Name of this adapter in the log of a cube. */
const VIA = "mastra";

/** What Mastra's calls tell of whom they are about. */
export interface MastraContext {
  /** Left out where Mastra does not tell, and for what all resources share. */
  readonly resourceId?: string;
}

export type MastraScope = Scope | ((context: MastraContext) => Scope | Promise<Scope>);

/** Options of {@link MemCubeMemoryStorage}. */
export interface MemCubeStorageOptions {
  readonly os: MemOS;
  /**
   * Whose memory a resource's messages are. Asked without a resource: where the list of all threads
   * lies, and what Mastra observes.
   *
   * @default a resource is a user of tenant "default", and what they share lies with user "local"
   */
  readonly scope?: MastraScope;
  /**
   * What becomes of messages and threads that are deleted: destroyed with their history, or hidden from
   * every search and list.
   *
   * @default "erase"
   */
  readonly deletion?: "erase" | "forget";
}

/** Where memory failed. The run goes on without it. */
export type FailedPart = "recall" | "save";

/** Options of {@link MemCubeMemory}. */
export interface MemCubeMemoryOptions extends MemCubeStorageOptions {
  /** Mastra's own: `lastMessages`, `readOnly`, `semanticRecall`, `workingMemory`, `generateTitle`. */
  readonly options?: MemoryConfig;
  /** Tokens that memory may add to a prompt. @default 1024 */
  readonly budgetTokens?: number;
  /**
   * Tokens that a thread's messages may take; of a longer one go a summary and the latest messages.
   * @default not cut
   */
  readonly historyTokens?: number;
  /** How long a run waits for what is known before it goes on without. @default 2000 */
  readonly recallTimeoutMs?: number;
  /** Told when memory fails in a run; also on the channel `memcube:mastra:error`. */
  readonly onError?: (error: unknown, part: FailedPart) => void;
  /** Gives agents tools to search, add, correct and forget memories. @default false */
  readonly tools?: boolean;
}

/** What only the memory takes; the storage's own part is checked by it. */
const memorySchema = z.object({
  budgetTokens: z.int().min(0).optional(),
  historyTokens: z.int().min(1).optional(),
  recallTimeoutMs: z.int().min(1).default(2_000),
  onError: z
    .custom<(error: unknown, part: FailedPart) => void>((value) => typeof value === "function")
    .optional(),
  tools: z.boolean().default(false),
});

export type ParsedMemoryOptions = z.output<typeof memorySchema>;

const optionsSchema = z.object({
  os: z.custom<MemOS>(),
  scope: z.custom<MastraScope>().default(() => resourceIsUser),
  deletion: z.enum(["erase", "forget"]).default("erase"),
});

export type ParsedStorageOptions = z.output<typeof optionsSchema>;

/** @throws MemCubeError `MEMCUBE_INVALID_INPUT` */
export function parseStorageOptions(options: MemCubeStorageOptions): ParsedStorageOptions {
  checkScoped(options, "options");
  return parseInput(optionsSchema, options, "options");
}

/** @throws MemCubeError `MEMCUBE_INVALID_INPUT` */
export function parseMemoryOptions(options: MemCubeMemoryOptions): ParsedMemoryOptions {
  return parseInput(memorySchema, options, "options");
}

/** The scope of a resource, or without one of what all share. */
export async function scopeOf(
  { scope }: Pick<ParsedStorageOptions, "scope">,
  resourceId: string | undefined,
): Promise<ResolvedScope> {
  return await resolveScope(scope, resourceId === undefined ? {} : { resourceId }, VIA);
}

function resourceIsUser({ resourceId }: MastraContext): Scope {
  return resourceId === undefined ? {} : { caller: { userId: resourceId } };
}
