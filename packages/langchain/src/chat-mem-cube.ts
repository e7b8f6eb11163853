import type { Engine } from "@memcube/core";
import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import type {
  BaseLanguageModelInput,
  StructuredOutputMethodOptions,
} from "@langchain/core/language_models/base";
import { BaseChatModel, type BindToolsInput } from "@langchain/core/language_models/chat_models";
import {
  AIMessage,
  type AIMessageChunk,
  type BaseMessage,
  type MessageContent,
} from "@langchain/core/messages";
import type { ChatGenerationChunk, ChatResult } from "@langchain/core/outputs";
import { type Runnable, RunnableLambda } from "@langchain/core/runnables";

import { toChunk } from "./chat-mem-cube-answer.ts";
import {
  type ChatMemCubeCallOptions,
  type ChatMemCubeInput,
  type ChatMemCubeSettings,
} from "./chat-mem-cube-options.ts";
import { toEngineRequest } from "./chat-mem-cube-request.ts";
import { jsonSchemaOf, type OutputSchema, parseOutput } from "./chat-mem-cube-output.ts";

/**
 * A chat model of LangChain over an engine of one's own: tools, structured output and streaming. Prompt
 * states that were kept show in `usage_metadata.input_token_details.cache_read`, new ones in
 * `cache_creation`; they are shared with every other framework that uses the same engine or store.
 */
export class ChatMemCube extends BaseChatModel<ChatMemCubeCallOptions> {
  readonly #engine: Engine;
  readonly #settings: ChatMemCubeSettings;

  static override lc_name(): string {
    return "ChatMemCube";
  }

  constructor(fields: ChatMemCubeInput) {
    super(fields);
    const { engine, temperature, topP, topK, seed, maxTokens, stop, lora, ...rest } = fields;
    const { cachePrompt, cacheScope, stableThrough } = rest;
    this.#engine = engine;
    this.#settings = {
      temperature,
      topP,
      topK,
      seed,
      maxTokens,
      stop,
      lora,
      cachePrompt,
      cacheScope,
      stableThrough,
    };
  }

  override _llmType(): string {
    return "memcube";
  }

  override get profile() {
    const { contextTokens: maxInputTokens } = this.#engine.model;
    // Not `structuredOutput`: agents would ask for it together with tools, and the engine takes one.
    return { maxInputTokens, toolCalling: this.#engine.capabilities.tools };
  }

  /** SHA-256 of the engine's model. */
  get modelSha256(): string {
    return this.#engine.model.sha256;
  }

  override bindTools(
    tools: BindToolsInput[],
    options: Partial<ChatMemCubeCallOptions> = {},
  ): Runnable<BaseLanguageModelInput, AIMessageChunk, ChatMemCubeCallOptions> {
    return this.withConfig({ ...options, tools });
  }

  override getNumTokens(content: MessageContent): Promise<number> {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    return Promise.resolve(this.#engine.count(text));
  }

  override async _generate(
    messages: BaseMessage[],
    options: this["ParsedCallOptions"],
    runManager?: CallbackManagerForLLMRun,
  ): Promise<ChatResult> {
    let whole: ChatGenerationChunk | undefined;
    for await (const chunk of this._streamResponseChunks(messages, options, runManager)) {
      whole = whole === undefined ? chunk : whole.concat(chunk);
    }
    const { text = "", message } = whole ?? {};
    return { generations: [{ text, message: message ?? new AIMessage("") }] };
  }

  override async *_streamResponseChunks(
    messages: BaseMessage[],
    options: this["ParsedCallOptions"],
    runManager?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    const request = toEngineRequest(messages, this.#settings, options);
    const { signal } = options;
    let calls = 0;
    for await (const part of this.#engine.generate(
      request,
      signal === undefined ? {} : { signal },
    )) {
      const chunk = toChunk(part, this.#engine.model.id, calls);
      if (part.type === "tool-call") calls++;
      yield chunk;
      if (part.type !== "text") continue;
      const at = { prompt: 0, completion: 0 };
      await runManager?.handleLLMNewToken(part.delta, at, undefined, undefined, undefined, {
        chunk,
      });
    }
  }

  /** Holds the answer to the schema by a grammar, whatever `method` says, and checks it. */
  override withStructuredOutput<Output extends Record<string, unknown>>(
    schema: OutputSchema<Output>,
    config?: StructuredOutputMethodOptions,
  ): Runnable<BaseLanguageModelInput, Output>;
  override withStructuredOutput<Output extends Record<string, unknown>>(
    schema: OutputSchema<Output>,
    config?: StructuredOutputMethodOptions<true>,
  ): Runnable<BaseLanguageModelInput, { raw: BaseMessage; parsed: Output }>;
  override withStructuredOutput<Output extends Record<string, unknown>>(
    schema: OutputSchema<Output>,
    config: StructuredOutputMethodOptions<boolean> = {},
  ) {
    const responseFormat = { type: "json", schema: jsonSchemaOf(schema) } as const;
    const model = this.withConfig({ responseFormat });
    const parse = (raw: BaseMessage) => parseOutput(schema, raw.text);
    if (config.includeRaw !== true) return model.pipe(RunnableLambda.from(parse));
    return model.pipe(
      RunnableLambda.from(async (raw: BaseMessage) => ({
        raw,
        // LangChain's contract for an answer that does not parse.
        parsed: await parse(raw).catch(() => null),
      })),
    );
  }
}
