import { MemCubeError, type Embedder } from "@memcube/core";
import type { EmbeddingModelV4, SharedV4ProviderOptions } from "@ai-sdk/provider";

/** Options of {@link embedderFrom}. */
export interface EmbedderFromOptions {
  /** Numbers in one vector of this model. */
  readonly dimensions: number;
  /**
   * For models that tell questions from documents (`{ cohere: { inputType: "search_query" } }`), or
   * that choose their `dimensions`.
   */
  readonly queryOptions?: SharedV4ProviderOptions;
  readonly documentOptions?: SharedV4ProviderOptions;
}

/** Values per call where a model names no limit. */
const VALUES_PER_CALL = 256;

/**
 * Search by meaning with any embedding model of the AI SDK: `open({ embedder: embedderFrom(
 * openai.embedding("text-embedding-3-small"), { dimensions: 1536 }) })`.
 *
 * @throws MemCubeError `MEMCUBE_INVALID_INPUT`
 */
export function embedderFrom(
  model: EmbeddingModelV4,
  { dimensions, queryOptions, documentOptions }: EmbedderFromOptions,
): Embedder {
  if (!Number.isInteger(dimensions) || dimensions < 1) {
    throw new MemCubeError("MEMCUBE_INVALID_INPUT", "dimensions is the length of a vector");
  }
  return {
    model: `${model.provider}/${model.modelId}/${dimensions}`,
    dimensions,
    async embed(texts, { purpose, signal }) {
      const perCall = (await model.maxEmbeddingsPerCall) ?? VALUES_PER_CALL;
      const providerOptions = purpose === "query" ? queryOptions : documentOptions;
      const vectors: Float32Array[] = [];
      for (let start = 0; start < texts.length; start += perCall) {
        const { embeddings } = await model.doEmbed({
          values: texts.slice(start, start + perCall),
          ...(signal === undefined ? {} : { abortSignal: signal }),
          ...(providerOptions === undefined ? {} : { providerOptions }),
        });
        vectors.push(...embeddings.map((embedding) => Float32Array.from(embedding)));
      }
      return vectors;
    },
  };
}
