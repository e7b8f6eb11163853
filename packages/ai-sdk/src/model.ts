import type { LanguageModelV4, LanguageModelV4CallOptions } from "@ai-sdk/provider";

import { memcubeMiddleware } from "./middleware.ts";
import type { MemCubeMiddlewareOptions } from "./options.ts";

/**
 * A model with memory in one line: what `wrapLanguageModel` makes of the model and
 * {@link memcubeMiddleware}. For models of AI SDK 7 (`specificationVersion` v4); wrap older ones with
 * `wrapLanguageModel`, which converts them.
 *
 * @throws MemCubeError `MEMCUBE_INVALID_INPUT` for bad options
 */
export function memcubeModel(
  model: LanguageModelV4,
  options: MemCubeMiddlewareOptions,
): LanguageModelV4 {
  const { transformParams, wrapGenerate, wrapStream } = memcubeMiddleware(options);
  const begin = async (type: "generate" | "stream", given: LanguageModelV4CallOptions) => {
    const params = (await transformParams?.({ type, params: given, model })) ?? given;
    const doGenerate = async () => await model.doGenerate(params);
    const doStream = async () => await model.doStream(params);
    return { params, doGenerate, doStream, model };
  };
  return {
    specificationVersion: "v4",
    provider: model.provider,
    modelId: model.modelId,
    get supportedUrls() {
      return model.supportedUrls;
    },
    async doGenerate(given) {
      const call = await begin("generate", given);
      return await (wrapGenerate?.(call) ?? call.doGenerate());
    },
    async doStream(given) {
      const call = await begin("stream", given);
      return await (wrapStream?.(call) ?? call.doStream());
    },
  };
}
