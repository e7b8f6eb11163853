import {
  checkScoped,
  parseInput,
  resolveScope,
  type MemOS,
  type ResolvedScope,
  type ScopeOption,
} from "@memcube/core";
import type { LanguageModelV4CallOptions } from "@ai-sdk/provider";
import { z } from "zod";

/** Name of this adapter: in the log of a cube, and of its key in `providerOptions`. */
export const VIA = "ai-sdk";
const KEY = "memcube";

/** What a `scope` function is told about the model call at hand. */
export interface ModelRequest {
  /** As given to the call, `memcube` included. */
  readonly providerOptions: LanguageModelV4CallOptions["providerOptions"];
  readonly headers: LanguageModelV4CallOptions["headers"];
  /** Such as `openai.responses`. */
  readonly provider: string;
  readonly modelId: string;
}

/** Where memory failed. The model call goes on without it. */
export type FailedPart = "scope" | "recall" | "save" | "wait-until";

/** Options of {@link memcubeMiddleware}. */
export interface MemCubeMiddlewareOptions {
  readonly os: MemOS;
  /**
   * Whose memory; `providerOptions.memcube` of a call goes before it.
   * @default user "local" of tenant "default": single-user mode
   */
  readonly scope?: ScopeOption<ModelRequest>;
  /** Tokens that memory may add to a prompt. @default 1024 */
  readonly budgetTokens?: number;
  /**
   * Tokens that the conversation may take in a prompt: of a longer one the model gets the latest
   * messages and a summary of the others. @default no bound
   */
  readonly historyTokens?: number;
  /** Takes what must end before a serverless function is frozen: `(promise) => after(promise)`. */
  readonly waitUntil?: (promise: Promise<unknown>) => void;
  /** Told of every failure of memory; also on the channel `memcube:ai-sdk:error`. */
  readonly onError?: (error: unknown, part: FailedPart) => void;
  /** How long a model call waits for memory before it goes on without. @default 2000 */
  readonly recallTimeoutMs?: number;
  /**
   * How long the end of an answer waits until it is kept, so that the next request finds it whichever
   * process serves it. 0: not at all. @default 1000
   */
  readonly saveTimeoutMs?: number;
  /** Keeps tool calls and what tools returned, too. @default false */
  readonly keepTools?: boolean;
  /** Sets `promptCacheKey` for OpenAI and Azure when there is none. @default true */
  readonly promptCacheKey?: boolean;
  /**
   * When a reader cancels the stream: `stop` cancels the model and keeps what was said until then,
   * `finish` lets it come to its end. A reader that merely stops reading loses nothing either way.
   * @default "stop"
   */
  readonly onCancel?: "stop" | "finish";
}

const optionsSchema = z.strictObject({
  os: z.custom<MemOS>(),
  scope: z.custom<ScopeOption<ModelRequest>>().optional(),
  budgetTokens: z.int().min(0).optional(),
  historyTokens: z.int().min(1).optional(),
  waitUntil: z
    .custom<(promise: Promise<unknown>) => void>((value) => typeof value === "function")
    .optional(),
  onError: z
    .custom<(error: unknown, part: FailedPart) => void>((value) => typeof value === "function")
    .optional(),
  recallTimeoutMs: z.int().min(1).default(2_000),
  saveTimeoutMs: z.int().min(0).default(1_000),
  keepTools: z.boolean().default(false),
  promptCacheKey: z.boolean().default(true),
  onCancel: z.enum(["stop", "finish"]).default("stop"),
});

export type ParsedOptions = z.output<typeof optionsSchema>;

/** @throws MemCubeError `MEMCUBE_INVALID_INPUT` */
export function parseOptions(options: MemCubeMiddlewareOptions): ParsedOptions {
  checkScoped(options, "memcubeMiddleware");
  return parseInput(optionsSchema, options, "memcubeMiddleware");
}

/** `providerOptions.memcube` of a call: whose memory, and what to do with it. */
const requestSchema = z.strictObject({
  userId: z.string().optional(),
  tenantId: z.string().optional(),
  roles: z.array(z.string()).optional(),
  agentId: z.string().optional(),
  purpose: z.string().optional(),
  cube: z.string().optional(),
  sessionId: z.string().optional(),
  /** What is to be done, in a word: LoRAs of memory that declare it are used, with an engine. */
  task: z.string().optional(),
  /** Id of the last user message, as the user interface knows it. */
  messageId: z.string().optional(),
  /** `false`: memory adds nothing to this call. */
  recall: z.boolean().default(true),
  /** `false`: this call is not remembered (a title, a summary). */
  save: z.boolean().default(true),
});

/** What one call says in `providerOptions.memcube`. */
export type MemCubeProviderOptions = z.input<typeof requestSchema>;
export type RequestOptions = z.output<typeof requestSchema>;

/** What a call says about memory, and its parameters without that. */
export function takeRequest(params: LanguageModelV4CallOptions): {
  readonly request: unknown;
  readonly params: LanguageModelV4CallOptions;
} {
  const { providerOptions } = params;
  if (providerOptions === undefined || !Object.hasOwn(providerOptions, KEY)) {
    return { request: {}, params };
  }
  const { [KEY]: request, ...others } = providerOptions;
  const { providerOptions: _, ...rest } = params;
  const hasOthers = Object.keys(others).length > 0;
  return { request, params: hasOthers ? { ...rest, providerOptions: others } : rest };
}

/** @throws MemCubeError `MEMCUBE_INVALID_INPUT` */
export function parseRequest(request: unknown): RequestOptions {
  return parseInput(requestSchema, request, "providerOptions.memcube");
}

/** Whose memory: what the call says goes before the scope of the options. */
export async function scopeOf(
  { scope }: Pick<ParsedOptions, "scope">,
  request: RequestOptions,
  context: ModelRequest,
): Promise<ResolvedScope> {
  const { userId, tenantId, roles, agentId, purpose, cube, sessionId, task } = request;
  const base = await resolveScope(scope, context, VIA);
  const caller = given({ userId, tenantId, roles, agentId, purpose });
  return await resolveScope(
    { ...base, ...given({ cube, sessionId, task }), caller: { ...base.caller, ...caller } },
    context,
    VIA,
  );
}

/** Without what was left out. */
function given<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}
