import {
  MEMORY_TOOL_NAMES,
  checkScoped,
  parseInput,
  resolveScope,
  type MemoryToolName,
  type MemOS,
  type ResolvedScope,
  type Scope,
  type ScopeOption,
} from "@memcube/core";
import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import { z } from "zod";

/** Name of this adapter in the log of a cube. */
export const VIA = "langchain";

/** What `context` of an agent may say about whose memory it is; all of it may be left out. */
export const contextSchema = z.object({
  userId: z.string().optional(),
  tenantId: z.string().optional(),
  roles: z.array(z.string()).optional(),
  agentId: z.string().optional(),
  purpose: z.string().optional(),
  /** @default the user's own cube */
  cube: z.string().optional(),
  /** @default the thread's id */
  sessionId: z.string().optional(),
  /** What is to be done, in a word: LoRAs that declare it are used, with an engine. */
  task: z.string().optional(),
});

export type MemCubeContext = z.output<typeof contextSchema>;

/** What a `scope` function is told about the run at hand. */
export interface AgentRequest {
  /** The run's `context`, with keys of your own. */
  readonly context: MemCubeContext & Readonly<Record<string, unknown>>;
  /** `configurable` of the run. */
  readonly configurable: Readonly<Record<string, unknown>>;
}

/** Where memory failed. The agent goes on without it. */
export type FailedPart = "scope" | "recall" | "save";

/** Options of `memcubeMiddleware`. */
export interface MemCubeMiddlewareOptions {
  readonly os: MemOS;
  /**
   * Whose memory; `context` of a run goes before it.
   * @default user "local" of tenant "default": single-user mode
   */
  readonly scope?: ScopeOption<AgentRequest>;
  /** Tools for the model to work with memory itself: all of them, or those named. @default false */
  readonly tools?: boolean | readonly MemoryToolName[];
  /** Tokens that memory may add to a prompt. @default 1024 */
  readonly budgetTokens?: number;
  /**
   * Tokens that the conversation may take in a prompt: of a longer one the model gets the latest
   * messages and a summary of the others. The thread's state is not touched. @default no bound
   */
  readonly historyTokens?: number;
  /** Keeps tool calls and what tools returned, too. @default false */
  readonly keepTools?: boolean;
  /** How long a run waits for memory before it goes on without, in milliseconds. @default 2000 */
  readonly recallTimeoutMs?: number;
  /**
   * How long the end of a run waits until it is kept, so that the next run finds it whichever process
   * serves it. 0: not at all. @default 1000
   */
  readonly saveTimeoutMs?: number;
  /** Told of every failure of memory; also on the channel `memcube:langchain:error`. */
  readonly onError?: (error: unknown, part: FailedPart) => void;
  /** Name of the middleware: two in one agent need two. @default "MemCube" */
  readonly name?: string;
}

const middlewareSchema = z.strictObject({
  os: z.custom<MemOS>(),
  scope: z.custom<ScopeOption<AgentRequest>>().optional(),
  tools: z.union([z.boolean(), z.array(z.enum(MEMORY_TOOL_NAMES))]).default(false),
  budgetTokens: z.int().min(0).optional(),
  historyTokens: z.int().min(1).optional(),
  keepTools: z.boolean().default(false),
  recallTimeoutMs: z.int().min(1).default(2_000),
  saveTimeoutMs: z.int().min(0).default(1_000),
  onError: z
    .custom<(error: unknown, part: FailedPart) => void>((value) => typeof value === "function")
    .optional(),
  name: z.string().min(1).default("MemCube"),
});

export type MiddlewareOptions = z.output<typeof middlewareSchema>;

/** @throws MemCubeError `MEMCUBE_INVALID_INPUT` */
export function parseMiddlewareOptions(options: MemCubeMiddlewareOptions): MiddlewareOptions {
  checkScoped(options, "memcubeMiddleware");
  return parseInput(middlewareSchema, options, "memcubeMiddleware");
}

/** Whose memory a class without runs (retriever, history, vector store) works with. */
export interface MemCubeFields {
  readonly os: MemOS;
  /** A value, or a function that is asked at each call. @default single-user mode */
  readonly scope?: Scope | (() => Scope | Promise<Scope>);
}

/** @throws MemCubeError `MEMCUBE_INVALID_INPUT` */
export async function scopeOf({ scope }: Pick<MemCubeFields, "scope">): Promise<ResolvedScope> {
  return await resolveScope<undefined>(scope, undefined, VIA);
}

/** What LangChain tells a hook or a tool of the run it is called in. */
export interface RunTime {
  readonly context?: unknown;
  readonly configurable?: Readonly<Record<string, unknown>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Whose memory a run is about: what its context says goes before the scope of the options, and the
 * thread is the session where neither names one.
 *
 * @throws MemCubeError `MEMCUBE_INVALID_INPUT`; what the scope function throws
 */
export async function scopeOfRun(
  scope: ScopeOption<AgentRequest> | undefined,
  runtime: RunTime,
): Promise<ResolvedScope> {
  // Hooks are given those keys of the context only that their middleware declares, and before 1.2 no
  // configurable: the run's own config has all of it.
  const config = AsyncLocalStorageProviderSingleton.getRunnableConfig() as RunTime | undefined;
  const { configurable = config?.configurable ?? {} } = runtime;
  const all = config?.context ?? runtime.context ?? {};
  const context = parseInput(contextSchema, all, "context");
  const base = await resolveScope(scope, { context: { ...all, ...context }, configurable }, VIA);
  const { cube, sessionId, task, ...caller } = given(context);
  const thread: unknown = configurable["thread_id"];
  return await resolveScope<undefined>(
    {
      ...((typeof thread === "string" || typeof thread === "number") && { sessionId: `${thread}` }),
      ...base,
      ...given({ cube, sessionId, task }),
      caller: { ...base.caller, ...caller },
    },
    undefined,
    VIA,
  );
}

/** Without what was left out. */
export function given<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}
