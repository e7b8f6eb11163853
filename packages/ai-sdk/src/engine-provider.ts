import type { Engine } from "@memcube/core";
import {
  type EmbeddingModelV4,
  type LanguageModelV4,
  NoSuchModelError,
  type ProviderV4,
  type RerankingModelV4,
} from "@ai-sdk/provider";

import {
  engineEmbeddingModel,
  engineLanguageModel,
  engineRerankingModel,
} from "./engine-models.ts";
import { type MemCubeProviderSettings, parseSettings } from "./engine-options.ts";

/** What {@link memcubeProvider} gives; an id may be left out where there is one model of the kind. */
export interface MemCubeProvider extends ProviderV4 {
  languageModel(modelId?: string): LanguageModelV4;
  embeddingModel(modelId?: string): EmbeddingModelV4;
  rerankingModel(modelId?: string): RerankingModelV4;
}

/** Of the kinds of the AI SDK, those an engine can be. */
const KINDS = {
  languageModel: ({ capabilities }: Engine) => capabilities.generate,
  embeddingModel: ({ capabilities }: Engine) => capabilities.embed !== undefined,
  rerankingModel: ({ capabilities }: Engine) => capabilities.rerank,
} as const;
type Kind = keyof typeof KINDS;

/**
 * A provider of the AI SDK over engines of one's own. Prompt states that were kept show in
 * `usage.inputTokens.cacheRead`, new ones in `cacheWrite`; `providerOptions.memcubeEngine` takes
 * `{ lora, cachePrompt, cacheScope }`.
 *
 * @throws MemCubeError `MEMCUBE_INVALID_INPUT` for wrong settings
 */
export function memcubeProvider(settings: MemCubeProviderSettings): MemCubeProvider {
  const { engine, engines = {} } = parseSettings(settings);
  const known = new Map(
    engine === undefined ? Object.entries(engines) : [[engine.model.id, engine]],
  );
  const find = (kind: Kind, modelId: string | undefined): readonly [Engine, string] => {
    const fitting = [...known].filter(
      ([id, one]) => KINDS[kind](one) && (modelId === undefined || modelId === id),
    );
    const [found] = fitting;
    if (found !== undefined && fitting.length === 1) return [found[1], found[0]];
    throw new NoSuchModelError({ modelId: modelId ?? "(none given)", modelType: kind });
  };
  return {
    specificationVersion: "v4",
    languageModel: (modelId) => engineLanguageModel(...find("languageModel", modelId)),
    embeddingModel: (modelId) => engineEmbeddingModel(...find("embeddingModel", modelId)),
    rerankingModel: (modelId) => engineRerankingModel(...find("rerankingModel", modelId)),
    imageModel: (modelId) => {
      throw new NoSuchModelError({ modelId, modelType: "imageModel" });
    },
  };
}
