import type { Hit, Position } from "../../flow/index.ts";
import {
  seesClass,
  visibilityFromKey,
  type CubeHeader,
  type CubeRef,
  type Payload,
  type Principal,
} from "../../memory/index.ts";
import type { Embedder, Vault } from "../../ports/index.ts";
import type { IndexCache } from "./index-cache.ts";
import type { CubeIndex, IndexFilter, IndexQuery, IndexResult } from "./index/index.ts";
import type { MemoryCache } from "./memory-cache.ts";

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

/** Runs a query on an index with the caller's permission. */
export function search(index: CubeIndex, query: RetrieveQuery): IndexResult {
  return index.search(toIndexQuery(query));
}

/** What an index is asked, with the caller's permission. */
export function toIndexQuery(query: RetrieveQuery): IndexQuery {
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
export function narrows(filter: IndexFilter): boolean {
  return Object.values(filter).some((value) => value !== undefined);
}
