import type { Engine, EngineLora, EngineResponseFormat } from "@memcube/core";
import type {
  BaseChatModelCallOptions,
  BaseChatModelParams,
  BindToolsInput,
} from "@langchain/core/language_models/chat_models";

/** What may be set for a model and, before that, for a call. */
interface Settings {
  /** 0 takes the likeliest token each time. @default 0 */
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  /** For the same text each time at a temperature above 0. */
  readonly seed?: number;
  /** @default what is left of the context */
  readonly maxTokens?: number;
  /** LoRAs in effect, by the ids the engine knows them under. @default none */
  readonly lora?: readonly EngineLora[];
  /** Reads and writes states of prompt prefixes. @default true */
  readonly cachePrompt?: boolean;
  /** States are shared only within one scope: name the tenant. @default "" */
  readonly cacheScope?: string;
  /** Text that ends what stays the same in the system message; the middleware says it. @default none */
  readonly stableThrough?: string;
}

/** Options of {@link ChatMemCube}. */
export interface ChatMemCubeInput extends BaseChatModelParams, Settings {
  readonly engine: Engine;
  readonly stop?: string[];
}

/** Options of one call. */
export interface ChatMemCubeCallOptions extends BaseChatModelCallOptions, Settings {
  readonly tools?: BindToolsInput[];
  /** `withStructuredOutput` sets it. @default { type: "text" } */
  readonly responseFormat?: EngineResponseFormat;
}

/** Names of {@link Settings}, in the order in which they stand there. */
export const SETTINGS = [
  "temperature",
  "topP",
  "topK",
  "seed",
  "maxTokens",
  "lora",
  "cachePrompt",
  "cacheScope",
  "stableThrough",
] as const satisfies readonly (keyof Settings)[];

export type ChatMemCubeSettings = Pick<ChatMemCubeInput, (typeof SETTINGS)[number] | "stop">;
