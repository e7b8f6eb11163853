import { emit } from "../../events.ts";
import type { Hit, Position } from "../../flow/index.ts";
import { candidateIndex } from "./candidate-index.ts";
import { hydrate, type Ranked } from "./hydrate.ts";
import { narrow } from "./narrow.ts";
import {
  search,
  type OperatorParts,
  type Retrieved,
  type RetrieveQuery,
} from "./retrieve-query.ts";

/** A cold cube with more commits than this is answered from candidates while its index is built. */
const COLD_COMMITS = 200;

/**
 * Finds memories of one cube: permission, filters and expiry apply inside the ranking, so the best
 * `limit` neither shrink nor leak (MemOS 2507.03724 section 5.4.1, MemOperator). Equal content found
 * twice counts once, with its better hit.
 */
export async function retrieve(
  parts: OperatorParts,
  query: RetrieveQuery,
  position: Position,
): Promise<Retrieved> {
  const started = performance.now();
  let ranked = await rank(parts, query, position);
  let hydrated = await hydrate(parts, ranked.query, ranked);
  if (ranked.outdated || hydrated.outdated) {
    // What was ranked has changed before it was read: once more, as the cube is now.
    ranked = await rank(parts, query, (await parts.vault.position(query.ref)) ?? position);
    hydrated = await hydrate(parts, ranked.query, ranked);
  }
  return found(ranked, hydrated.hits, started);
}

/**
 * The same by the index that this process holds, before it is known whether the cube is still at that
 * position: this is asked meanwhile, so that a search waits for its storage once.
 *
 * @param isStill asks whether the cube is at a position and its header the query's; what it throws is
 * thrown here
 * @returns `undefined` when it is not, when there is no such index, or what was found has changed
 */
export async function retrieveAhead(
  parts: OperatorParts,
  query: RetrieveQuery,
  isStill: (position: Position) => Promise<boolean>,
): Promise<Retrieved | undefined> {
  const started = performance.now();
  const loaded = query.matches === undefined ? parts.indexes.steady(query.ref) : undefined;
  if (loaded === undefined) return undefined;
  const { index, position } = loaded;
  const result = search(index, query);
  const ranked: Ranked = { query, outdated: false, index, result, position, loaded };
  const [still, { hits, outdated }] = await Promise.all([
    isStill(position),
    hydrate(parts, query, ranked),
  ]);
  return still && !outdated ? found(ranked, hits, started) : undefined;
}

function found(
  { query, result, position }: Ranked,
  hits: readonly Hit[],
  started: number,
): Retrieved {
  emit("memcube:search", { ...query.ref, hits: hits.length, ms: performance.now() - started });
  return { hits, confidence: hits.length === 0 ? 0 : result.confidence, position };
}

async function rank(
  parts: OperatorParts,
  query: RetrieveQuery,
  position: Position,
): Promise<Ranked> {
  const found = await indexFor(parts, query, position);
  query.signal?.throwIfAborted();
  const narrowed = await narrow(parts, query, found);
  return { ...found, ...narrowed, result: search(found.index, narrowed.query) };
}

/** Whether the storage proposes what is near to a vector of this embedder, and not only by words. */
function proposesByVector({ vault, embedder }: OperatorParts, vector: Float32Array): boolean {
  const { vectors } = vault.capabilities;
  return vectors?.model === embedder?.model && vectors?.dimensions === vector.length;
}

async function indexFor(
  parts: OperatorParts,
  query: RetrieveQuery,
  position: Position,
): Promise<Pick<Ranked, "index" | "position" | "loaded">> {
  const { vault, indexes } = parts;
  const { ref, signal } = query;
  const cold =
    vault.capabilities.candidates &&
    position.seq > COLD_COMMITS &&
    (query.vector === undefined || proposesByVector(parts, query.vector)) &&
    query.matches === undefined &&
    !(await indexes.isWarm(ref));
  if (!cold) {
    const loaded = await indexes.at(ref, position, signal);
    return { index: loaded.index, position: loaded.position, loaded };
  }
  void indexes.at(ref, position).catch((error: unknown) => {
    emit("memcube:error", { where: "index.build", error });
  });
  return { index: await candidateIndex(parts, query), position };
}
