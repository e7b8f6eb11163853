import type { CubeRef, VaultFilter } from "@memcube/core";

import type { Keys } from "../keys.ts";
import { escapeTerm, indexAlias, tagOf } from "./search-schema.ts";

/** Words of one query: more would be a document, and the first say what is asked. */
const TERMS = 64;

/** Classes named in a query; a caller who sees more is let through and sorted out after it. */
const CLASSES = 512;

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
 * FT.SEARCH for a cube, or `undefined` when nothing can fit. No word of a user is ever part of the
 * query's text: all go through PARAMS. Tenant and cube are one tag, so that neither can be left out.
 */
export function searchCommand(keys: Keys, ref: CubeRef, query: SearchQuery): string[] | undefined {
  const { filter, classes, now, limit, timeoutMs, scorer } = query;
  const terms = [...new Set(query.terms.filter((term) => term !== "").map(escapeTerm))];
  const params = new Params();
  const conditions = [`@cube:{${params.name(keys.cubeTag(ref))}}`];
  const anyOf = (field: string, values: readonly string[] | undefined): boolean => {
    if (values === undefined) return true;
    if (values.length === 0) return false;
    conditions.push(`@${field}:{${values.map((value) => params.name(value)).join("|")}}`);
    return true;
  };
  const possible =
    terms.length > 0 &&
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
  const words = terms.slice(0, TERMS).map((term) => params.name(term));
  return [
    "FT.SEARCH",
    indexAlias(keys),
    `(${conditions.join(" ")}) @terms:(${words.join("|")})`,
    "VERBATIM",
    "NOCONTENT",
    "WITHSCORES",
    "SCORER",
    scorer,
    "LIMIT",
    "0",
    String(limit),
    "TIMEOUT",
    String(timeoutMs),
    "PARAMS",
    String(params.pairs.length),
    ...params.pairs,
    "DIALECT",
    "2",
  ];
}

class Params {
  readonly pairs: string[] = [];

  /** Adds a value; returns what stands for it in the query. */
  name(value: string): string {
    const name = `p${this.pairs.length / 2}`;
    this.pairs.push(name, value);
    return `$${name}`;
  }
}
