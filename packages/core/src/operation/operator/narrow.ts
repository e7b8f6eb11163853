import { LIMITS } from "../../limits.ts";
import type { Memory } from "../../memory/index.ts";
import { readHits, type Ranked } from "./hydrate.ts";
import { search, toIndexQuery, type OperatorParts, type RetrieveQuery } from "./retrieve-query.ts";

/**
 * The query among the rows whose memories match. They are looked at before the ranking, so that the best
 * `limit` do not shrink: all that pass the filter, or of very many those that rank best.
 */
export async function narrow(
  parts: OperatorParts,
  query: RetrieveQuery,
  { index, loaded }: Pick<Ranked, "index" | "loaded">,
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
