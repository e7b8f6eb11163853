import { embedQuery } from "../../operation/operator/index.ts";
import type { ApiContext } from "./context.ts";

/** Questions whose vectors are kept: an agent asks the same one at every step of its tools. */
const KEPT = 128;

const recent = new WeakMap<ApiContext, Map<string, Float32Array>>();

/**
 * The vector of a question, made once for the steps of a run. `undefined` without an embedder, or when
 * it fails.
 *
 * @throws the reason of `signal`
 */
export async function queryVector(
  context: ApiContext,
  query: string,
  signal: AbortSignal | undefined,
): Promise<Float32Array | undefined> {
  const vectors = recent.get(context) ?? new Map<string, Float32Array>();
  recent.set(context, vectors);
  const known = vectors.get(query);
  const vector = known ?? (await embedQuery(context.operator.embedder, query, signal));
  if (vector === undefined) return undefined;
  vectors.delete(query);
  vectors.set(query, vector);
  const oldest = vectors.keys().next().value;
  if (vectors.size > KEPT && oldest !== undefined) vectors.delete(oldest);
  return vector;
}
