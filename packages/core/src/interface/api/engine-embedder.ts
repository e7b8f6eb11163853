import type { Embedder, Engine } from "../../ports/index.ts";

/** Digits of a model's hash that tell it from others of its name. */
const HASH_DIGITS = 16;

/** An engine's embedding model as the embedder of a memory OS; `undefined` when it has none. */
export function engineEmbedder(engine: Engine): Embedder | undefined {
  const { capabilities, model } = engine;
  if (capabilities.embed === undefined) return undefined;
  return {
    model: `${model.id}@${model.sha256.slice(0, HASH_DIGITS)}`,
    dimensions: capabilities.embed.dimensions,
    embed: async (texts, options) => await engine.embed(texts, options),
  };
}
