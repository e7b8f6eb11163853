import { emit } from "../../events.ts";
import { MemCubeError } from "../../errors.ts";
import type { Embedder } from "../../ports/index.ts";
import { orAborted } from "./or-aborted.ts";

/**
 * The query's embedding; `undefined` without an embedder, and when it fails: the search is lexical
 * then, and a `memcube:error` event tells.
 *
 * @throws the reason of `signal`
 */
export async function embedQuery(
  embedder: Embedder | undefined,
  text: string,
  signal?: AbortSignal,
): Promise<Float32Array | undefined> {
  if (embedder === undefined || text.trim() === "") return undefined;
  signal?.throwIfAborted();
  const options = { purpose: "query", ...(signal === undefined ? {} : { signal }) } as const;
  try {
    const [vector] = await orAborted(embedder.embed([text], options), signal);
    if (vector?.length === embedder.dimensions && vector.every(Number.isFinite)) return vector;
    throw new TypeError(`expected ${embedder.dimensions} numbers, got ${vector?.length ?? 0}`);
  } catch (cause) {
    signal?.throwIfAborted();
    const message = `Embedder ${embedder.model} failed; the search goes by words alone.`;
    const error = new MemCubeError("MEMCUBE_EMBEDDER_FAILED", message, { cause });
    emit("memcube:error", { where: "embed.query", error });
    return undefined;
  }
}
