import { MemCubeError } from "@memcube/core";

import { describeModel } from "./engine/describe-model.ts";

const PAGE_TOKENS = 256;
const USUAL = [512, 1_536, 4_096];

/**
 * Which lengths of a prefix are measured with a model: those wanted, or of the usual ones those that it was
 * trained for.
 *
 * @param afterTokens of question and answer behind the prefix
 * @throws MemCubeError `MEMCUBE_INVALID_INPUT` for one that is longer than the model was trained for, with
 * `details.longest`; as {@link describeModel}
 */
export async function gainContexts(
  model: string,
  wanted: readonly number[] | undefined,
  afterTokens: number,
): Promise<readonly number[]> {
  const { trainedContext } = await describeModel(model);
  const longest = Math.floor((trainedContext - afterTokens) / PAGE_TOKENS) * PAGE_TOKENS;
  const contexts = wanted ?? USUAL.filter((tokens) => tokens <= longest);
  const tooLong =
    contexts.find((tokens) => tokens > longest) ?? (contexts.length === 0 ? USUAL[0] : undefined);
  if (tooLong === undefined) return contexts;
  throw new MemCubeError(
    "MEMCUBE_INVALID_INPUT",
    `This model was trained for ${trainedContext} tokens: a prefix of ${tooLong} with its question is longer, ` +
      `${Math.max(0, longest)} is the longest.`,
    { details: { path: "contexts", trainedContext, longest } },
  );
}
