import type { Hit, Position } from "../../flow/index.ts";
import { LIMITS } from "../../limits.ts";
import { LIVE_STATES, type Memory } from "../../memory/index.ts";
import type { CubeIndex, IndexResult, IndexRow } from "./index/index.ts";
import { readable, type LoadedIndex } from "./loaded-index.ts";
import { narrows, search, type OperatorParts, type RetrieveQuery } from "./retrieve-query.ts";

/** What an index found, before the memories are read. */
export interface Ranked {
  /** As it was asked of the index. */
  readonly query: RetrieveQuery;
  /** Whether a memory that was looked at has changed since. */
  readonly outdated: boolean;
  readonly index: CubeIndex;
  readonly result: IndexResult;
  readonly position: Position;
  /** The index of the whole cube; left out when candidates were ranked. */
  readonly loaded?: LoadedIndex;
}

/**
 * The memories of ranked hits. `outdated` when one has another version than the one ranked; it is
 * given as it is only if search would still find it.
 */
export async function hydrate(
  parts: OperatorParts,
  query: RetrieveQuery,
  { index, result, loaded }: Ranked,
): Promise<{ hits: Hit[]; outdated: boolean }> {
  const memories = new Map<string, Memory>();
  let ranked = result.hits;
  let limit = query.limit;
  let outdated = false;
  for (;;) {
    const missing = ranked.filter(({ id }) => !memories.has(id));
    outdated = (await readHits(parts, query, { hits: missing, loaded }, memories)) || outdated;
    const hits = distinct(
      ranked.flatMap(({ id, score, why }) => {
        const memory = memories.get(id);
        return memory === undefined ? [] : [{ memory, score, why }];
      }),
    );
    const doubles = memories.size - hits.length;
    const full = ranked.length >= limit && limit < LIMITS.searchHits;
    if (outdated || doubles === 0 || !full || hits.length >= query.limit) {
      return { hits: hits.slice(0, query.limit), outdated };
    }
    // Copies took places that others are to have: twice as many are looked at.
    limit = Math.min(LIMITS.searchHits, limit * 2);
    query.signal?.throwIfAborted();
    ranked = search(index, { ...query, limit }).hits;
  }
}

/** Reads hits from the cache or the vault into `memories`; whether one has changed. */
export async function readHits(
  { vault, memories: cache }: OperatorParts,
  query: RetrieveQuery,
  { hits, loaded }: { readonly hits: readonly IndexRow[]; readonly loaded?: LoadedIndex },
  memories: Map<string, Memory>,
): Promise<boolean> {
  const { ref, principals, now } = query;
  const missing = new Map<string, number>();
  for (const { id, version } of hits) {
    const memory = loaded && cache.get(ref, id, version, loaded.follower);
    if (memory === undefined) missing.set(id, version);
    else memories.set(id, memory);
  }
  if (missing.size === 0) return false;
  const position = loaded?.position;
  const ids = [...missing.keys()];
  const read = await vault.read(ref, { ids, access: { principals }, now });
  // A version read beside a commit may be gone from the log's point of view: it is not kept.
  const still = position !== undefined && loaded?.isAt(position) === true;
  let outdated = false;
  for (const stored of read) {
    const memory = readable(ref, stored);
    if (memory === undefined) continue;
    if (stored.version === missing.get(stored.id)) {
      if (loaded !== undefined && still) {
        cache.set(ref, memory, stored.content.length, loaded.follower);
      }
    } else {
      outdated = true;
      const found = LIVE_STATES.includes(memory.header.state) && !narrows(query.filter);
      if (!found) continue;
    }
    memories.set(stored.id, memory);
  }
  return outdated;
}

/** Of equal content the first hit stays. */
function distinct(hits: readonly Hit[]): Hit[] {
  const seen = new Set<string>();
  return hits.filter(({ memory }) => {
    const { fingerprint } = memory.header;
    if (seen.has(fingerprint)) return false;
    seen.add(fingerprint);
    return true;
  });
}
