import {
  type CarriedStates,
  type Engine,
  type EngineCallOptions,
  type EngineCapabilities,
  type EngineModel,
  type EnginePart,
  type EngineRequest,
  type LoraFile,
  MemCubeError,
} from "@memcube/core";
import type { ChatWrapper, GbnfJsonObjectSchema, LlamaGrammar } from "node-llama-cpp";

import { ownerOf } from "../kv/page-keys.ts";
import { mayHoldTenant } from "../kv/scope-of-tenant.ts";
import type { KvRequest, KvStore } from "../kv/types.ts";
import { answer } from "./answer.ts";
import { Contexts, type Lease } from "./contexts.ts";
import { engineStep } from "./errors.ts";
import { fillWithoutStore, wholePages } from "./fill.ts";
import { toGrammarSchema } from "./grammar-schema.ts";
import type { OpenedModel } from "./open-model.ts";
import type { ParsedOptions } from "./options.ts";
import { partsOf } from "./part-queue.ts";
import { type FilledPrompt, promptUsage } from "./prompt-usage.ts";
import { type Prompt, renderPrompt } from "./prompt.ts";
import { type ParsedRequest, parseRequest } from "./request.ts";
import { resolveLoras } from "./resolve-loras.ts";
import type { EngineSequence } from "./sequence.ts";
import { stableTokens } from "./stable-part.ts";
import { carriesStates, StoreStates } from "./store-states.ts";
import { TakenLoras } from "./taken-loras.ts";
import { Vectors } from "./vectors.ts";

/** Where states of prompts are kept, and whether the engine made it. */
export interface StateStore {
  readonly store: KvStore | undefined;
  readonly owned: boolean;
}

/** The engine over one opened model. */
export class LocalEngine implements Engine {
  readonly model: EngineModel;
  readonly capabilities: EngineCapabilities;
  readonly #opened: OpenedModel;
  readonly #options: ParsedOptions;
  readonly #stateStore: StateStore;
  readonly #states: StoreStates | undefined;
  readonly #loras: TakenLoras;
  readonly #contexts: Contexts<EngineSequence>;
  readonly #vectors: Vectors;
  readonly #wrapper: ChatWrapper;
  readonly #running = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();
  #closed: Promise<void> | undefined;

  constructor(opened: OpenedModel, options: ParsedOptions, states: StateStore) {
    this.#opened = opened;
    this.#options = options;
    this.#stateStore = states;
    const { store } = states;
    const { facts, native, contextSize, started } = opened;
    const generate = facts.purpose === "generate";
    const { engineKey } = ownerOf({ ...opened.identity, lora: [] });
    this.#states = generate && carriesStates(store) ? new StoreStates(store, engineKey) : undefined;
    this.#loras = new TakenLoras(options.lora, {
      modelSha256: opened.sha256,
      modelPath: opened.path,
    });
    this.model = {
      id: options.id ?? facts.name,
      sha256: opened.sha256,
      architecture: facts.architecture,
      contextTokens: contextSize,
    };
    this.capabilities = {
      generate,
      tools: generate,
      jsonSchema: generate,
      lora: generate,
      promptCache: generate ? (store === undefined ? "process" : "store") : "none",
      ...(facts.purpose === "embed" ? { embed: { dimensions: native.embeddingVectorSize } } : {}),
      rerank: facts.purpose === "rerank" && native.fileInsights.supportsRanking,
    };
    this.#contexts = new Contexts(options.maxContexts, (lora) => opened.openContext(lora));
    this.#vectors = new Vectors(native, opened.threads);
    this.#wrapper = started.binding.resolveChatWrapper(native);
  }

  async *generate(
    request: EngineRequest,
    options: EngineCallOptions = {},
  ): AsyncGenerator<EnginePart, void, undefined> {
    const leaving = new AbortController();
    const parsed = parseRequest(request);
    this.#supported("generate", this.capabilities.generate);
    yield* partsOf<EnginePart>(
      (emit) =>
        this.#track([options.signal, leaving.signal], (signal) =>
          this.#answer(parsed, signal, emit),
        ),
      () => leaving.abort(),
    );
  }

  embed(
    texts: readonly string[],
    options: EngineCallOptions & { readonly purpose?: "query" | "document" } = {},
  ): Promise<readonly Float32Array[]> {
    const prefix = this.#options.embeddingPrefix[options.purpose ?? "document"];
    return this.#track([options.signal], (signal) => {
      this.#supported("embed", this.capabilities.embed !== undefined);
      return this.#vectors.embed(texts, prefix, signal);
    });
  }

  rerank(
    query: string,
    documents: readonly string[],
    options: EngineCallOptions = {},
  ): Promise<readonly number[]> {
    return this.#track([options.signal], (signal) => {
      this.#supported("rerank", this.capabilities.rerank);
      return this.#vectors.rerank(query, documents, signal);
    });
  }

  get states(): CarriedStates | undefined {
    return this.#states;
  }

  takeLora(file: LoraFile, options: EngineCallOptions = {}): Promise<string> {
    return this.#track([options.signal], (signal) => {
      this.#supported("lora", this.capabilities.lora);
      return this.#loras.take(file, signal);
    });
  }

  async dropLora(id: string): Promise<void> {
    await this.#loras.drop(id);
  }

  tokenize(text: string): readonly number[] {
    if (this.#closed !== undefined) throw closed();
    return this.#opened.native.tokenize(text);
  }

  count(text: string): number {
    return this.tokenize(text).length;
  }

  async forgetTenant(tenantId: string): Promise<void> {
    this.#states?.forget((scope) => mayHoldTenant(scope, tenantId));
    await this.#contexts.forget((scope) => mayHoldTenant(scope, tenantId));
    await this.#stateStore.store?.forgetTenant(tenantId);
  }

  close(): Promise<void> {
    this.#closed ??= this.#shutDown();
    return this.#closed;
  }

  async #shutDown(): Promise<void> {
    await this.#contexts.close();
    const grace = setTimeout(() => this.#closing.abort(closed()), this.#options.closeGraceMs);
    await Promise.allSettled(this.#running);
    clearTimeout(grace);
    await this.#contexts.close();
    if (this.#stateStore.owned) await this.#stateStore.store?.close();
    await this.#vectors.dispose();
    await this.#opened.dispose();
    await this.#loras.close();
  }

  /** Runs a call that `close()` waits for, under the caller's signals and its own. */
  async #track<Result>(
    signals: readonly (AbortSignal | undefined)[],
    run: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    if (this.#closed !== undefined) throw closed();
    const given = signals.filter((signal) => signal !== undefined);
    const call = (async () => run(AbortSignal.any([...given, this.#closing.signal])))();
    this.#running.add(call);
    try {
      return await call;
    } finally {
      this.#running.delete(call);
    }
  }

  async #answer(
    request: ParsedRequest,
    signal: AbortSignal,
    emit: (part: EnginePart) => void,
  ): Promise<void> {
    const { native: model, started } = this.#opened;
    const { binding } = started;
    if (request.lora.length > 0) this.#supported("lora", this.capabilities.lora);
    const lora = await resolveLoras(request.lora, this.#loras, this.#opened, signal);
    const grammar = await this.#grammarFor(request);
    const parts = { model, wrapper: this.#wrapper, binding };
    const prompt = renderPrompt(request, parts);
    this.#checkRoom(prompt);
    const stable = stableTokens(request, prompt, parts);
    const lease = await this.#contexts.lease({
      lora,
      scope: request.cacheScope,
      tokens: prompt.tokens,
      signal,
    });
    const { sequence } = lease;
    try {
      const filled = await this.#fill(lease, prompt, request, signal);
      const input = { binding, sequence, prompt, request, grammar, signal };
      const { reason, outputTokens } = await answer(input, emit);
      const inProcess = this.#stateStore.store === undefined && request.cachePrompt;
      const usage = await promptUsage(filled, { prompt, request, stable, inProcess });
      emit({ type: "finish", reason, usage: { ...usage, outputTokens } });
    } finally {
      if (!request.cachePrompt) await sequence.truncate(0).catch(() => undefined);
      lease.release();
    }
  }

  #fill(
    { sequence }: Lease<EngineSequence>,
    prompt: Prompt,
    { cachePrompt, cacheScope }: ParsedRequest,
    signal: AbortSignal,
  ): Promise<FilledPrompt> {
    const tokens = prompt.tokens.slice(0, wholePages(prompt.tokens.length));
    const request: KvRequest = { scope: cacheScope, tokens, signal };
    return engineStep("the prompt was not read", signal, async () => {
      if (!cachePrompt) await sequence.truncate(0);
      const store = cachePrompt ? this.#stateStore.store : undefined;
      if (store === undefined) return await fillWithoutStore(sequence, request);
      const cacheMiss = await this.#states?.bring(sequence, request);
      const filled = await store.fill(sequence, request);
      return cacheMiss === undefined ? filled : { ...filled, cacheMiss };
    });
  }

  #grammarFor({ responseFormat, tools = [] }: ParsedRequest): Promise<LlamaGrammar | undefined> {
    if (responseFormat.type === "text") return Promise.resolve(undefined);
    if (tools.length > 0) {
      throw new MemCubeError(
        "MEMCUBE_NOT_SUPPORTED",
        "an answer is held to a schema or may call tools, not both",
      );
    }
    const { llama } = this.#opened.started;
    const { schema } = responseFormat;
    return engineStep("no grammar could be made of the schema", undefined, () =>
      schema === undefined
        ? llama.getGrammarFor("json")
        : llama.createGrammarForJsonSchema(toGrammarSchema(schema) as GbnfJsonObjectSchema),
    );
  }

  #checkRoom({ tokens }: Prompt): void {
    const { contextSize } = this.#opened;
    if (tokens.length + 2 <= contextSize) return;
    throw new MemCubeError(
      "MEMCUBE_LIMIT_EXCEEDED",
      `a prompt of ${tokens.length} tokens leaves no room in a context of ${contextSize}`,
      { details: { promptTokens: tokens.length, contextTokens: contextSize } },
    );
  }

  #supported(what: string, is: boolean): void {
    if (is) return;
    throw new MemCubeError("MEMCUBE_NOT_SUPPORTED", `${this.model.id} does not support ${what}`, {
      details: { what },
    });
  }
}

function closed(): MemCubeError {
  return new MemCubeError("MEMCUBE_CLOSED", "the engine is closed");
}
