import type { CubeRef, VaultFilter } from "@memcube/core";

import type { Argument } from "../connection/connection.ts";
import type { Keys } from "../keys.ts";
import { escapeTerm, indexAlias, tagOf } from "./search-schema.ts";
import type { VectorField } from "./vector-field.ts";

/** Words of one query: more would be a document, and the first say what is asked. */
const TERMS = 64;

/** Classes named in a query; a caller who sees more is let through and sorted out after it. */
const CLASSES = 512;

/** How many vectors an approximate search looks at: at its default of 10 it finds 6 of the best 10. */
const LEAST_WIDTH = 200;
const WIDTH_FACTOR = 2;

export interface SearchQuery {
  readonly terms: readonly string[];
  readonly filter: VaultFilter;
  /** Numbers of the visibility classes; `undefined`: all. */
  readonly classes: readonly string[] | undefined;
  readonly now: number;
  readonly limit: number;
  /** Milliseconds after which the engine may give up; it says so. */
  readonly timeoutMs: number;
  /** BM25STD from Redis 8 on; older engines call theirs BM25. */
  readonly scorer: "BM25STD" | "BM25";
}

/**
 * FT.SEARCH for the words of a question in a cube, or `undefined` when nothing can fit. No word of a user
 * is ever part of the query's text: all go through PARAMS. Tenant and cube are one tag, so that neither
 * can be left out.
 */
export function searchCommand(
  keys: Keys,
  ref: CubeRef,
  query: SearchQuery,
  vectors?: VectorField,
): Argument[] | undefined {
  const terms = [...new Set(query.terms.filter((term) => term !== "").map(escapeTerm))];
  if (terms.length === 0) return undefined;
  const params = new Params();
  const conditions = conditionsOf(keys, ref, query, params);
  if (conditions === undefined) return undefined;
  const words = terms.slice(0, TERMS).map((term) => params.name(term));
  return [
    "FT.SEARCH",
    indexAlias(keys, vectors),
    `(${conditions.join(" ")}) @terms:(${words.join("|")})`,
    "VERBATIM",
    "NOCONTENT",
    "WITHSCORES",
    "SCORER",
    query.scorer,
    ...endOf(query, params),
  ];
}

/**
 * FT.SEARCH for the nearest vectors among the memories of a cube that fit: the conditions are looked at
 * first, so that they take nothing from the number found. An approximate search is told how wide to look: by
 * itself it looks at ten.
 */
export function nearestCommand(
  keys: Keys,
  ref: CubeRef,
  query: SearchQuery,
  vectors: VectorField,
  vector: Buffer,
): Argument[] | undefined {
  const params = new Params();
  const conditions = conditionsOf(keys, ref, query, params);
  if (conditions === undefined) return undefined;
  const { field, algorithm } = vectors;
  const count = params.name(String(query.limit));
  const near = params.name(vector);
  const width = Math.max(LEAST_WIDTH, WIDTH_FACTOR * query.limit);
  const wide = algorithm === "hnsw" ? ` EF_RUNTIME ${params.name(String(width))}` : "";
  return [
    "FT.SEARCH",
    indexAlias(keys, vectors),
    `(${conditions.join(" ")})=>[KNN ${count} @${field} ${near}${wide} AS distance]`,
    "NOCONTENT",
    "SORTBY",
    "distance",
    "ASC",
    ...endOf(query, params),
  ];
}

/** What a memory must be, whatever the question; `undefined` when none can be it. */
function conditionsOf(
  keys: Keys,
  ref: CubeRef,
  { filter, classes, now }: SearchQuery,
  params: Params,
): string[] | undefined {
  const conditions = [`@cube:{${params.name(keys.cubeTag(ref))}}`];
  const anyOf = (field: string, values: readonly string[] | undefined): boolean => {
    if (values === undefined) return true;
    if (values.length === 0) return false;
    conditions.push(`@${field}:{${values.map((value) => params.name(value)).join("|")}}`);
    return true;
  };
  const possible =
    anyOf("class", classes !== undefined && classes.length > CLASSES ? undefined : classes) &&
    anyOf("kind", filter.kinds?.map(tagOf)) &&
    anyOf("type", filter.types?.map(tagOf)) &&
    anyOf("state", filter.states?.map(tagOf));
  if (!possible) return undefined;
  if (filter.sessionId !== undefined) anyOf("session", [tagOf(filter.sessionId)]);
  for (const tag of filter.tags ?? []) anyOf("tags", [tagOf(tag)]);
  const { from, to } = filter;
  if (from !== undefined || to !== undefined) {
    const low = from === undefined ? "-inf" : params.name(String(from));
    const high = to === undefined ? "+inf" : params.name(String(to - 1));
    conditions.push(`@at:[${low} ${high}]`);
  }
  // Times of memories are whole milliseconds; a clock may give parts of them.
  conditions.push(`@expires:[${params.name(String(Math.floor(now) + 1))} +inf]`);
  return conditions;
}

function endOf({ limit, timeoutMs }: SearchQuery, { pairs }: Params): Argument[] {
  return [
    "LIMIT",
    "0",
    String(limit),
    "TIMEOUT",
    String(timeoutMs),
    "PARAMS",
    String(pairs.length),
    ...pairs,
    "DIALECT",
    "2",
  ];
}

class Params {
  readonly pairs: Argument[] = [];

  /** Adds a value; returns what stands for it in the query. */
  name(value: Argument): string {
    const name = `p${this.pairs.length / 2}`;
    this.pairs.push(name, value);
    return `$${name}`;
  }
}
