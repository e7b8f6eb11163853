import { emit } from "../../events.ts";
import { MemCubeError } from "../../errors.ts";
import type { Hit, Position } from "../../flow/index.ts";
import { toMemory } from "../../infrastructure/vault/index.ts";
import {
  LIVE_STATES,
  seesClass,
  visibilityFromKey,
  type CubeHeader,
  type CubeRef,
  type Memory,
  type Principal,
} from "../../memory/index.ts";
import type { Embedder, StoredVersion, Vault } from "../../ports/index.ts";
import { indexTerms } from "../../text/index.ts";
import type { IndexCache } from "./index-cache.ts";
import { CubeIndex, type IndexFilter, type IndexResult } from "./index/index.ts";
import type { MemoryCache } from "./memory-cache.ts";
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
 * `limit` neither shrink nor leak (MemOS 2507.03724 section 5.4.1, MemOperator).
 */
export async function retrieve(parts: OperatorParts, query: RetrieveQuery): Promise<Retrieved> {
  const started = performance.now();
  const { index, position } = await indexFor(parts, query);
  query.signal?.throwIfAborted();
  const result = search(index, query);
  const hits = await hydrate(parts, query, result);
  emit("memcube:search", {
    ...query.ref,
    hits: hits.length,
    ms: performance.now() - started,
  });
  return { hits, confidence: hits.length === 0 ? 0 : result.confidence, position };
}

async function indexFor(
  parts: OperatorParts,
  query: RetrieveQuery,
): Promise<{ index: CubeIndex; position: Position }> {
  const { vault, indexes } = parts;
  const { ref, position } = query;
  const cold =
    vault.capabilities.candidates &&
    position.seq > COLD_COMMITS &&
    query.vector === undefined &&
    !(await indexes.isWarm(ref));
  if (!cold) {
    const loaded = await indexes.at(ref, position);
    return { index: loaded.index, position: loaded.position };
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
    const document = toDocument(toMemory(ref, stored), stored.visibility);
    if (document !== undefined) index.upsert(document);
  }
  return index;
}

/** Runs a query on an index with the caller's permission. */
export function search(index: CubeIndex, query: RetrieveQuery): IndexResult {
  const principals = new Set<string>(query.principals);
  return index.search({
    text: query.text,
    vector: query.vector,
    limit: query.limit,
    permits: (key) => seesClass(principals, visibilityFromKey(key), query.cube),
    now: query.now,
    filter: narrows(query.filter) ? query.filter : undefined,
  });
}

/** Whether a filter asks for anything: without one the index looks at no row twice. */
function narrows(filter: IndexFilter): boolean {
  return Object.values(filter).some((value) => value !== undefined);
}

async function hydrate(
  { vault, memories }: OperatorParts,
  query: RetrieveQuery,
  result: IndexResult,
): Promise<readonly Hit[]> {
  const { ref, principals, now } = query;
  const found = new Map<string, Memory>();
  const missing: string[] = [];
  for (const { id, version } of result.hits) {
    const memory = memories.get(ref, id, version);
    if (memory === undefined) missing.push(id);
    else found.set(id, memory);
  }
  if (missing.length > 0) {
    const read = await vault.read(ref, { ids: missing, access: { principals }, now });
    for (const stored of read) {
      const memory = toMemory(ref, stored);
      memories.set(ref, memory, stored.content.length);
      found.set(stored.id, memory);
    }
  }
  return result.hits.flatMap(({ id, score, why }) => {
    const memory = found.get(id);
    return memory === undefined ? [] : [{ memory, score, why }];
  });
}

/** The query's embedding. @throws MemCubeError `MEMCUBE_EMBEDDER_FAILED` */
export async function embedQuery(
  embedder: Embedder | undefined,
  text: string,
  signal?: AbortSignal,
): Promise<Float32Array | undefined> {
  if (embedder === undefined || text.trim() === "") return undefined;
  const options = { purpose: "query", ...(signal === undefined ? {} : { signal }) } as const;
  try {
    const [vector] = await embedder.embed([text], options);
    if (vector?.length === embedder.dimensions) return vector;
    throw new TypeError(`expected ${embedder.dimensions} numbers, got ${vector?.length ?? 0}`);
  } catch (cause) {
    signal?.throwIfAborted();
    throw new MemCubeError("MEMCUBE_EMBEDDER_FAILED", `Embedder ${embedder.model} failed.`, {
      cause,
    });
  }
}
