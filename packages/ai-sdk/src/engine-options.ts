import { parseInput, type Engine } from "@memcube/core";
import type { LanguageModelV4CallOptions } from "@ai-sdk/provider";
import { z } from "zod";

/**
 * Key of this provider in `providerOptions`. Not `memcube`: that is the middleware's, which takes it
 * away before the model sees it.
 */
export const ENGINE_KEY = "memcubeEngine";

/** Options of {@link memcubeProvider}. */
export interface MemCubeProviderSettings {
  /** Its model is the provider's only one, whatever kind it is. */
  readonly engine?: Engine;
  /** Several models by the ids applications use: `{ chat, vectors }`. */
  readonly engines?: Readonly<Record<string, Engine>>;
}

const engine = z.custom<Engine>(
  (value) => typeof (value as Engine | undefined)?.generate === "function",
  { error: "an engine: what llamaEngine() gives" },
);

const settingsSchema = z
  .strictObject({ engine: engine.optional(), engines: z.record(z.string(), engine).optional() })
  .refine(({ engine: one, engines }) => (one === undefined) !== (engines === undefined), {
    error: "give engine or engines, one of them",
  });

/** @throws MemCubeError `MEMCUBE_INVALID_INPUT` */
export function parseSettings(settings: MemCubeProviderSettings) {
  return parseInput(settingsSchema, settings, "memcubeProvider");
}

const requestSchema = z.strictObject({
  lora: z
    .array(z.strictObject({ id: z.string(), scale: z.number().optional() }))
    .readonly()
    .optional(),
  cachePrompt: z.boolean().optional(),
  cacheScope: z.string().optional(),
  stableThrough: z.string().optional(),
});

/** What one call says in `providerOptions.memcubeEngine`: the fields of the engine's request. */
export type MemCubeEngineOptions = z.input<typeof requestSchema>;

/** @throws MemCubeError `MEMCUBE_INVALID_INPUT` */
export function engineOptions({
  providerOptions,
}: Pick<LanguageModelV4CallOptions, "providerOptions">) {
  return parseInput(
    requestSchema,
    providerOptions?.[ENGINE_KEY] ?? {},
    `providerOptions.${ENGINE_KEY}`,
  );
}
