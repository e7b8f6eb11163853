import { MemCubeError } from "@memcube/core";
import type { LlamaEmbeddingContext, LlamaModel, LlamaRankingContext, Token } from "node-llama-cpp";

import { engineStep } from "./errors.ts";

/** Longer than what embedding models are trained for; RAM for it is taken once. */
const MAX_CONTEXT_TOKENS = 8_192;
/** Room for the tokens that a model wants before and after a text. */
const MARKER_TOKENS = 2;

/** A context of the binding for texts one at a time, made when it is first needed. */
class Lazy<Context extends { dispose(): Promise<void> }> {
  readonly #make: () => Promise<Context>;
  #made: Promise<Context> | undefined;

  constructor(make: () => Promise<Context>) {
    this.#make = make;
  }

  get(): Promise<Context> {
    this.#made ??= this.#make().catch((error: unknown) => {
      this.#made = undefined;
      throw error;
    });
    return this.#made;
  }

  async dispose(): Promise<void> {
    const made = await this.#made?.catch(() => undefined);
    await made?.dispose();
  }
}

/** Embeds and ranks with a model made for it. The binding computes one text at a time. */
export class Vectors {
  readonly #model: LlamaModel;
  readonly #contextSize: number;
  readonly #embedding: Lazy<LlamaEmbeddingContext>;
  readonly #ranking: Lazy<LlamaRankingContext>;

  constructor(model: LlamaModel, threads: number) {
    this.#model = model;
    this.#contextSize = Math.min(model.trainContextSize, MAX_CONTEXT_TOKENS);
    // A text is one batch: models that look both ways can't be cut.
    const size = { contextSize: this.#contextSize, batchSize: this.#contextSize, threads };
    this.#embedding = new Lazy(() => model.createEmbeddingContext(size));
    this.#ranking = new Lazy(() => model.createRankingContext(size));
  }

  /** Vectors of length 1. A text longer than the context is cut. */
  async embed(
    texts: readonly string[],
    prefix: string,
    signal: AbortSignal | undefined,
  ): Promise<readonly Float32Array[]> {
    const vectors: Float32Array[] = [];
    for (const text of texts) {
      vectors.push(
        await engineStep("a text was not embedded", signal, () => this.#embedOne(prefix + text)),
      );
    }
    return vectors;
  }

  async rerank(
    query: string,
    documents: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<readonly number[]> {
    const scores: number[] = [];
    for (const document of documents) {
      const score = await engineStep("a document was not ranked", signal, async () => {
        const context = await this.#ranking.get();
        return context.rank(query, document, { onOverflow: "maxChunk" });
      });
      scores.push(score);
    }
    return scores;
  }

  async dispose(): Promise<void> {
    await this.#embedding.dispose();
    await this.#ranking.dispose();
  }

  async #embedOne(text: string): Promise<Float32Array> {
    const context = await this.#embedding.get();
    // No tokens have no vector: a space stands for nothing.
    const tokens: Token[] = this.#model.tokenize(text === "" ? " " : text);
    const { vector } = await context.getEmbeddingFor(
      tokens.slice(0, this.#contextSize - MARKER_TOKENS - 1),
    );
    return normalise(vector);
  }
}

function normalise(vector: readonly number[]): Float32Array {
  const length = Math.hypot(...vector);
  if (!Number.isFinite(length) || length === 0) {
    throw new MemCubeError("MEMCUBE_ENGINE_FAILED", "the model gave a vector without a length");
  }
  return Float32Array.from(vector, (value) => value / length);
}
