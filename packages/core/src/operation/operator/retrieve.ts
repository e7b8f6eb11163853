import { emit } from "../../events.ts";
import { MemCubeError } from "../../errors.ts";
import type { Hit, Position } from "../../flow/index.ts";
import { LIMITS } from "../../limits.ts";
import {
  LIVE_STATES,
  seesClass,
  visibilityFromKey,
  type CubeHeader,
  type CubeRef,
  type Memory,
  type Payload,
  type Principal,
} from "../../memory/index.ts";
import type { Embedder, StoredVersion, Vault } from "../../ports/index.ts";
import { indexTerms } from "../../text/index.ts";
import type { IndexCache } from "./index-cache.ts";
import {
  CubeIndex,
  type IndexFilter,
  type IndexQuery,
  type IndexResult,
  type IndexRow,
} from "./index/index.ts";
import { readable, type LoadedIndex } from "./loaded-index.ts";
import type { MemoryCache } from "./memory-cache.ts";
import { orAborted } from "./or-aborted.ts";
import { toDocument } from "./to-document.ts";

/** A cold cube with more commits than this is answered from candidates while its index is built. */
const COLD_COMMITS = 200;
/** Candidates asked of the storage (see ARCHITECTURE: "some 200 permitted ids"). */
const CANDIDATES = 200;

/** What the operator works with. */
export interface OperatorParts {
  readonly vault: Vault;
  readonly indexes: IndexCache;
  readonly memories: MemoryCache;
  readonly embedder?: Embedder;
}

export interface RetrieveQuery {
  readonly ref: CubeRef;
  readonly cube: CubeHeader;
  readonly position: Position;
  readonly principals: readonly Principal[];
  readonly text: string;
  /** Embedding of the text, when there is an embedder. */
  readonly vector?: Float32Array;
  readonly limit: number;
  readonly filter: IndexFilter;
  /** What the index can't tell: looked up in the memories before they are ranked. */
  readonly matches?: (payload: Payload) => boolean;
  readonly now: number;
  readonly signal?: AbortSignal;
}

export interface Retrieved {
  readonly hits: readonly Hit[];
  readonly confidence: number;
  readonly position: Position;
}

/**
 * Finds memories of one cube: permission, filters and expiry apply inside the ranking, so the best
 * `limit` neither shrink nor leak (MemOS 2507.03724 section 5.4.1, MemOperator). Equal content found
 * twice counts once, with its better hit.
 */
export async function retrieve(parts: OperatorParts, query: RetrieveQuery): Promise<Retrieved> {
  const started = performance.now();
  let ranked = await rank(parts, query, query.position);
  let hydrated = await hydrate(parts, ranked.query, ranked);
  if (ranked.outdated || hydrated.outdated) {
    // What was ranked has changed before it was read: once more, as the cube is now.
    const position = (await parts.vault.position(query.ref)) ?? query.position;
    ranked = await rank(parts, query, position);
    hydrated = await hydrate(parts, ranked.query, ranked);
  }
  const { hits } = hydrated;
  emit("memcube:search", {
    ...query.ref,
    hits: hits.length,
    ms: performance.now() - started,
  });
  const confidence = hits.length === 0 ? 0 : ranked.result.confidence;
  return { hits, confidence, position: ranked.position };
}

interface Ranked {
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

/**
 * The query among the rows whose memories match. They are looked at before the ranking, so that the best
 * `limit` do not shrink: all that pass the filter, or of very many those that rank best.
 */
async function narrow(
  parts: OperatorParts,
  query: RetrieveQuery,
  { index, loaded }: { readonly index: CubeIndex; readonly loaded?: LoadedIndex },
): Promise<Pick<Ranked, "query" | "outdated">> {
  const { matches, signal, filter } = query;
  if (matches === undefined) return { query, outdated: false };
  const passing = index.passing(toIndexQuery(query));
  const rows =
    passing.length > LIMITS.whereLooks
      ? search(index, { ...query, limit: LIMITS.whereLooks }).hits
      : passing;
  const ids: string[] = [];
  let outdated = false;
  for (let start = 0; start < rows.length; start += LIMITS.pageRows) {
    const memories = new Map<string, Memory>();
    const hits = rows.slice(start, start + LIMITS.pageRows);
    outdated = (await readHits(parts, query, { hits, loaded }, memories)) || outdated;
    signal?.throwIfAborted();
    for (const [id, { payload }] of memories) if (matches(payload)) ids.push(id);
  }
  return { query: { ...query, filter: { ...filter, ids } }, outdated };
}

async function indexFor(
  parts: OperatorParts,
  query: RetrieveQuery,
  position: Position,
): Promise<{ index: CubeIndex; position: Position; loaded?: LoadedIndex }> {
  const { vault, indexes } = parts;
  const { ref, signal } = query;
  const cold =
    vault.capabilities.candidates &&
    position.seq > COLD_COMMITS &&
    query.vector === undefined &&
    query.matches === undefined &&
    !(await indexes.isWarm(ref));
  if (!cold) {
    const loaded = await indexes.at(ref, position, signal);
    return { index: loaded.index, position: loaded.position, loaded };
  }
  void indexes.at(ref, position).catch((error: unknown) => {
    emit("memcube:error", { where: "index.build", error });
  });
  return { index: await candidateIndex(vault, query), position };
}

/** A small index over the storage's candidates: the same ranking on fewer rows. */
async function candidateIndex(vault: Vault, query: RetrieveQuery): Promise<CubeIndex> {
  const { ref, principals, now, filter } = query;
  const access = { principals };
  const candidates = await vault.candidates(ref, {
    terms: indexTerms(query.text),
    filter: {
      kinds: ["plaintext"],
      states: LIVE_STATES,
      ...(filter.types === undefined ? {} : { types: filter.types }),
      ...(filter.tags === undefined ? {} : { tags: filter.tags }),
      ...(filter.sessionId === undefined ? {} : { sessionId: filter.sessionId }),
      ...(filter.from === undefined ? {} : { from: filter.from }),
      ...(filter.to === undefined ? {} : { to: filter.to }),
    },
    access,
    now,
    limit: CANDIDATES,
  });
  const ids = candidates.map((candidate) => candidate.id);
  return indexOf(ref, await vault.read(ref, { ids, access, now }));
}

/** An index over some stored versions, for candidates and for views of the past. */
export function indexOf(ref: CubeRef, versions: readonly StoredVersion[]): CubeIndex {
  const index = new CubeIndex();
  for (const stored of versions) {
    const memory = readable(ref, stored);
    const document = memory && toDocument(memory, stored.visibility);
    if (document !== undefined) index.upsert(document);
  }
  return index;
}

/** Runs a query on an index with the caller's permission. */
export function search(index: CubeIndex, query: RetrieveQuery): IndexResult {
  return index.search(toIndexQuery(query));
}

function toIndexQuery(query: RetrieveQuery): IndexQuery {
  const principals = new Set<string>(query.principals);
  return {
    text: query.text,
    vector: query.vector,
    limit: query.limit,
    permits: (key) => seesClass(principals, visibilityFromKey(key), query.cube),
    now: query.now,
    filter: narrows(query.filter) ? query.filter : undefined,
  };
}

/** Whether a filter asks for anything: without one the index looks at no row twice. */
function narrows(filter: IndexFilter): boolean {
  return Object.values(filter).some((value) => value !== undefined);
}

/**
 * The memories of ranked hits. `outdated` when one has another version than the one ranked; it is
 * given as it is only if search would still find it.
 */
async function hydrate(
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
async function readHits(
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
