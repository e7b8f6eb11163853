import type { LoraFile } from "../flow/index.ts";
import type { JsonObject, JsonValue } from "../memory/index.ts";
import type { CarriedStates, PromptStates } from "./prompt-states.ts";
import type { Tokenizer } from "./tokenizer.ts";

/**
 * A language model that runs under our own hands, so that memory can be more than text: the engine
 * keeps the state of prompt prefixes and takes LoRAs per request. What `capabilities` does not declare
 * raises `MEMCUBE_NOT_SUPPORTED`. Requests at the same time are queued, not refused.
 */
export interface Engine extends Tokenizer, PromptStates {
  readonly model: EngineModel;
  readonly capabilities: EngineCapabilities;
  /** Gives states to cubes and takes them from there; left out where they are not kept in a store. */
  readonly states?: CarriedStates;

  /**
   * Takes a LoRA that a cube keeps, after its own checks; the same file again is no work. Left out by an
   * engine that takes none.
   *
   * @returns its SHA-256 in the engine: requests may name it so, and states do
   * @throws MemCubeError `MEMCUBE_LORA_INVALID`
   */
  takeLora?(file: LoraFile, options?: EngineCallOptions): Promise<string>;

  /**
   * Destroys the file of a LoRA that it took: the memory was erased. Requests under way end with it.
   *
   * @param id what `takeLora` returned
   */
  dropLora?(id: string): Promise<void>;

  /**
   * Answers a prompt. Work begins with the first `next()`; a consumer that stops reading (`break`,
   * `return()`) stops the model. The last part is `finish`.
   *
   * @throws MemCubeError `MEMCUBE_LIMIT_EXCEEDED` for a prompt that leaves no room to answer,
   * `MEMCUBE_INVALID_INPUT`, `MEMCUBE_NOT_SUPPORTED`, `MEMCUBE_LORA_INVALID`, `MEMCUBE_ENGINE_FAILED`,
   * `MEMCUBE_CLOSED`; the signal's reason when it was aborted
   */
  generate(request: EngineRequest, options?: EngineCallOptions): AsyncIterable<EnginePart>;

  /**
   * One vector per text, in order, of length 1 and `capabilities.embed.dimensions` numbers.
   * @param options.purpose a query may need another prefix than a document. @default "document"
   */
  embed(
    texts: readonly string[],
    options?: EngineCallOptions & { readonly purpose?: "query" | "document" },
  ): Promise<readonly Float32Array[]>;

  /** How relevant each document is to the query, from 0 to 1, in the order of the documents. */
  rerank(
    query: string,
    documents: readonly string[],
    options?: EngineCallOptions,
  ): Promise<readonly number[]>;

  /** Token ids of plain text; markup of the model's own in it is text, not markup. */
  tokenize(text: string): readonly number[];

  /** Lets running requests end, refuses new ones, and frees the model. Safe to call twice. */
  close(): Promise<void>;
}

/** What identifies a model: results and kept states of two models never mix. */
export interface EngineModel {
  /** Name for people and for frameworks. */
  readonly id: string;
  /** SHA-256 of the model file. */
  readonly sha256: string;
  readonly architecture: string;
  /** Tokens of prompt and answer together, at most. */
  readonly contextTokens: number;
}

export interface EngineCapabilities {
  /** Whether it answers prompts; embedding and reranking models do not. */
  readonly generate: boolean;
  readonly tools: boolean;
  /** Answers held to a JSON schema. */
  readonly jsonSchema: boolean;
  readonly lora: boolean;
  /** Whether states of prompt prefixes outlive a request: `process` in this one, `store` on disk. */
  readonly promptCache: "none" | "process" | "store";
  readonly embed?: { readonly dimensions: number };
  readonly rerank: boolean;
}

export interface EngineCallOptions {
  readonly signal?: AbortSignal;
}

export interface EngineRequest {
  /** A system message stands first or not at all; a tool's result follows its call. */
  readonly messages: readonly EngineMessage[];
  readonly tools?: readonly EngineTool[];
  /** @default "auto" */
  readonly toolChoice?: "auto" | "none" | "required" | { readonly name: string };
  /** @default { type: "text" } */
  readonly responseFormat?: EngineResponseFormat;
  readonly sampling?: EngineSampling;
  /** LoRAs in effect for this request; their order does not matter. @default none */
  readonly lora?: readonly EngineLora[];
  /** Reads and writes states of prompt prefixes. @default true */
  readonly cachePrompt?: boolean;
  /**
   * States are shared only between requests of one scope, so that nobody else can tell that a prompt
   * was seen before: the tenant's id, or something narrower that begins with it and a slash. What is
   * erased from a tenant's memory is forgotten here by that name. @default ""
   */
  readonly cacheScope?: string;
  /**
   * Text in the system message with which ends what stays the same from request to request. The state up
   * to there is named in `usage.stableState`. With an empty text none is. @default none
   */
  readonly stableThrough?: string;
}

export type EngineMessage =
  | { readonly role: "system"; readonly text: string }
  | { readonly role: "user"; readonly text: string }
  | {
      readonly role: "assistant";
      readonly text: string;
      readonly toolCalls?: readonly EngineToolCall[];
    }
  | { readonly role: "tool"; readonly callId: string; readonly result: JsonValue };

export interface EngineTool {
  readonly name: string;
  readonly description?: string;
  /** JSON schema of the arguments, an object. */
  readonly parameters: JsonObject;
}

export interface EngineToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: JsonObject;
}

export type EngineResponseFormat =
  | { readonly type: "text" }
  /** Without a schema, any JSON object. */
  | { readonly type: "json"; readonly schema?: JsonObject };

export interface EngineSampling {
  /** 0 takes the likeliest token each time. @default 0 */
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  /** For the same text each time at a temperature above 0. */
  readonly seed?: number;
  /** @default what is left of the context */
  readonly maxTokens?: number;
  /** The answer ends before the first of these. */
  readonly stop?: readonly string[];
}

export interface EngineLora {
  /** Name or SHA-256 under which the engine knows the LoRA; never a path. */
  readonly id: string;
  /** @default 1 */
  readonly scale?: number;
}

export type EnginePart =
  | { readonly type: "text"; readonly delta: string }
  | { readonly type: "reasoning"; readonly delta: string }
  | { readonly type: "tool-call"; readonly call: EngineToolCall }
  | {
      readonly type: "finish";
      readonly reason: "stop" | "length" | "tool-calls";
      readonly usage: EngineUsage;
    };

export interface EngineUsage {
  readonly promptTokens: number;
  /** Of them, those whose state was there already. */
  readonly cachedTokens: number;
  /** Of them, those whose state was kept for later requests by this one. */
  readonly writtenTokens: number;
  readonly outputTokens: number;
  /** Names the kept state of the prompt's whole pages: what a cube may keep as an activation memory. */
  readonly stateKey?: string;
  /**
   * The kept state of the whole pages up to the end of `stableThrough`: nothing of what follows it is in
   * there. Left out when there is no such page.
   */
  readonly stableState?: {
    /** SHA-256 of the `stableThrough` that it ends with, in UTF-8. */
    readonly throughSha256: string;
    readonly key: string;
    readonly tokens: number;
    /** SHA-256 of these tokens as little-endian 32-bit integers. */
    readonly tokensSha256: string;
  };
  /** Why no stored state was used although there is a store; for people. */
  readonly cacheMiss?: string;
}
