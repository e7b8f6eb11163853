import type { Engine } from "@memcube/core";
import type {
  EmbeddingModelV4,
  LanguageModelV4,
  LanguageModelV4CallOptions,
  RerankingModelV4,
} from "@ai-sdk/provider";

import { toResult, toStreamParts } from "./engine-answer.ts";
import { toEngineRequest } from "./engine-request.ts";

/** Name of the provider: models of it are engines'. */
export const PROVIDER = "memcube";

/** More texts at once only wait in a longer queue. */
const MAX_EMBEDDINGS = 256;

/** A language model over an engine. */
export function engineLanguageModel(engine: Engine, modelId: string): LanguageModelV4 {
  const begin = (options: LanguageModelV4CallOptions, signals: readonly AbortSignal[] = []) => {
    const { request, warnings } = toEngineRequest(options);
    const { abortSignal } = options;
    const signal = AbortSignal.any([
      ...signals,
      ...(abortSignal === undefined ? [] : [abortSignal]),
    ]);
    return { parts: engine.generate(request, { signal }), warnings };
  };
  return {
    specificationVersion: "v4",
    provider: PROVIDER,
    modelId,
    supportedUrls: {},
    doGenerate: async (options) => {
      const { parts, warnings } = begin(options);
      return { ...(await toResult(parts)), warnings, response: { modelId } };
    },
    doStream: (options) => {
      const leaving = new AbortController();
      const { parts, warnings } = begin(options, [leaving.signal]);
      const stream = toReadable(toStreamParts(parts, warnings), leaving);
      return Promise.resolve({ stream });
    },
  };
}

/** An embedding model over an engine. Documents and queries are embedded alike: the SDK says not which. */
export function engineEmbeddingModel(engine: Engine, modelId: string): EmbeddingModelV4 {
  return {
    specificationVersion: "v4",
    provider: PROVIDER,
    modelId,
    maxEmbeddingsPerCall: MAX_EMBEDDINGS,
    supportsParallelCalls: false,
    doEmbed: async (options) => {
      const { values } = options;
      const vectors = await engine.embed(values, signalOf(options));
      const tokens = values.reduce((sum, text) => sum + engine.count(text), 0);
      return { embeddings: vectors.map((vector) => [...vector]), usage: { tokens }, warnings: [] };
    },
  };
}

/** A reranking model over an engine; an object is ranked by its JSON. */
export function engineRerankingModel(engine: Engine, modelId: string): RerankingModelV4 {
  return {
    specificationVersion: "v4",
    provider: PROVIDER,
    modelId,
    doRerank: async (options) => {
      const { documents, query, topN } = options;
      const texts =
        documents.type === "text"
          ? documents.values
          : documents.values.map((value) => JSON.stringify(value));
      const scores = await engine.rerank(query, texts, signalOf(options));
      const ranking = scores
        .map((relevanceScore, index) => ({ index, relevanceScore }))
        .toSorted((a, b) => b.relevanceScore - a.relevanceScore);
      return { ranking: ranking.slice(0, topN) };
    },
  };
}

function signalOf({ abortSignal }: { readonly abortSignal?: AbortSignal | undefined }) {
  return abortSignal === undefined ? {} : { signal: abortSignal };
}

/** A stream that asks for a part when its reader does, and stops the engine when the reader leaves. */
function toReadable<Part>(
  parts: AsyncGenerator<Part, void, undefined>,
  leaving: AbortController,
): ReadableStream<Part> {
  return new ReadableStream<Part>({
    pull: async (controller) => {
      const { done, value } = await parts.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => leaving.abort(reason),
  });
}
