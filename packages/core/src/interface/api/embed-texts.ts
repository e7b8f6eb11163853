import { MemCubeError } from "../../errors.ts";
import type { Embedder } from "../../ports/index.ts";

/** Calls for one batch whose texts are told apart: what is left waits for the next attempt. */
const CALLS = 64;
/** So many failed calls and no good one: it is the embedder and not a text. */
const FAILURES_ALONE = 7;

/** Vectors of texts, in their order; `undefined` where the embedder failed for that very text. */
export interface EmbeddedTexts {
  readonly vectors: readonly (Float32Array | undefined)[];
  /** Why some have none. */
  readonly failure?: MemCubeError;
}

/**
 * Embeds a batch; when that fails, halves of it, so that a text which the embedder refuses does not
 * keep the others from getting their vectors.
 *
 * @throws the reason of `signal`
 */
export async function embedTexts(
  embedder: Embedder,
  texts: readonly string[],
  signal: AbortSignal,
): Promise<EmbeddedTexts> {
  const vectors: (Float32Array | undefined)[] = texts.map(() => undefined);
  let failure: MemCubeError | undefined;
  let failures = 0;
  let successes = 0;
  // By halves, the larger first: a good call comes as early as it can.
  const open = [{ start: 0, end: texts.length }];
  for (let calls = 0; calls < CALLS; calls++) {
    const part = open.shift();
    if (part === undefined) break;
    const { start, end } = part;
    try {
      const made = await embedder.embed(texts.slice(start, end), { purpose: "document", signal });
      if (made.length !== end - start) throw notVectors(embedder);
      successes++;
      for (const [i, vector] of made.entries()) {
        if (isVector(vector, embedder.dimensions)) vectors[start + i] = vector;
        else failure = notVectors(embedder);
      }
    } catch (cause) {
      signal.throwIfAborted();
      failure = embedderFailed(embedder, cause);
      failures++;
      if (successes === 0 && failures >= FAILURES_ALONE) break;
      const middle = Math.ceil((start + end) / 2);
      if (end - start > 1) open.push({ start, end: middle }, { start: middle, end });
    }
  }
  return failure === undefined ? { vectors } : { vectors, failure };
}

function isVector(vector: Float32Array | undefined, dimensions: number): boolean {
  return vector?.length === dimensions && vector.every(Number.isFinite);
}

function notVectors({ model, dimensions }: Embedder): MemCubeError {
  return new MemCubeError(
    "MEMCUBE_EMBEDDER_FAILED",
    `Embedder ${model} gave no valid vector of ${dimensions} numbers for each text.`,
    { details: { model } },
  );
}

function embedderFailed({ model }: Embedder, cause: unknown): MemCubeError {
  return new MemCubeError("MEMCUBE_EMBEDDER_FAILED", `Embedder ${model} failed.`, {
    cause,
    details: { model },
  });
}
