import { isMemCubeError, LIMITS, pathKey, type MemCube, type Memory } from "@memcube/core";
import type { Item, SearchItem } from "@langchain/langgraph-checkpoint";

import { toItem } from "./store-items.ts";
import { pageOfNamespaces } from "./store-namespaces.ts";
import { literalPrefix, type Get, type List, type Search } from "./store-operation.ts";
import type { ParsedStoreOptions } from "./store-options.ts";

/** Items that a search gives unless it says how many. */
const DEFAULT_LIMIT = 10;
/** A reader who may not write, or meets others who write, still reads. */
const NOT_RENEWED = [
  "MEMCUBE_FORBIDDEN",
  "MEMCUBE_READ_ONLY",
  "MEMCUBE_STORAGE_READ_ONLY",
  "MEMCUBE_BUSY",
] as const;

/** Items by namespace and key, all in one look; `null` where there is none. */
export async function getItems(
  cube: MemCube,
  gets: readonly Get[],
  { ttl }: ParsedStoreOptions,
): Promise<(Item | null)[]> {
  const keys = gets.map(({ namespace, key }) => pathKey([...namespace, key]));
  const unique = [...new Set(keys)];
  const memories = new Map<string, Memory>();
  for (let start = 0; start < unique.length; start += LIMITS.commitWrites) {
    const found = await cube.getManyByKey(unique.slice(start, start + LIMITS.commitWrites));
    for (const memory of found) memories.set(memory.header.externalKey ?? "", memory);
  }
  await renew(cube, [...memories.values()], ttl);
  return keys.map((key) => {
    const memory = memories.get(key);
    // "Nothing" is null in the interface of LangGraph.
    return (memory && toItem(memory)) ?? null;
  });
}

/** Items beneath a namespace: the best for a query, else the oldest first. */
export async function searchItems(
  cube: MemCube,
  search: Search,
  { ttl, fill }: ParsedStoreOptions,
): Promise<SearchItem[]> {
  const limit = search.limit ?? DEFAULT_LIMIT;
  const offset = search.offset ?? 0;
  if (limit === 0) return [];
  const last = offset + limit;
  const found = await foundBy(cube, search, { last, fill });
  const given = found.slice(offset);
  await renew(
    cube,
    given.map(({ memory }) => memory),
    ttl,
  );
  return given.flatMap(({ memory, score }) => {
    const item = toItem(memory);
    return item === undefined ? [] : [{ ...item, score }];
  });
}

interface Found {
  readonly memory: Memory;
  readonly score?: number;
}

async function foundBy(
  cube: MemCube,
  search: Search,
  { last, fill }: { readonly last: number; readonly fill: boolean },
): Promise<readonly Found[]> {
  const { query } = search;
  if (query === undefined || query === null || query === "") {
    return await firstOf(cube, search, { last });
  }
  const best = await bestOf(cube, search, query, last);
  if (!fill || best.length >= last) return best;
  const known = new Set(best.map(({ memory }) => memory.header.id));
  return [...best, ...(await firstOf(cube, search, { last: last - best.length, known }))];
}

/** The oldest of a namespace; those already known are left out. */
async function firstOf(
  cube: MemCube,
  search: Search,
  { last, known }: { readonly last: number; readonly known?: ReadonlySet<string> },
): Promise<readonly Found[]> {
  const found: Found[] = [];
  let cursor: string | undefined;
  do {
    const page = await cube.list({
      ...filterOf(search),
      limit: Math.min(LIMITS.pageRows, last - found.length),
      ...(cursor === undefined ? {} : { cursor }),
    });
    const others = page.items.filter(({ header }) => known?.has(header.id) !== true);
    found.push(...others.map((memory) => ({ memory })));
    cursor = page.cursor;
  } while (cursor !== undefined && found.length < last);
  return found;
}

async function bestOf(
  cube: MemCube,
  search: Search,
  query: string,
  last: number,
): Promise<readonly Found[]> {
  const limit = Math.min(LIMITS.searchHits, last);
  return (await cube.search(query, { ...filterOf(search), limit })).hits;
}

/** The core judges the filter: what is none is refused there. */
function filterOf({ namespacePrefix, filter }: Search) {
  const isFiltered = filter !== undefined && filter !== null && Object.keys(filter).length > 0;
  return { path: namespacePrefix, ...(isFiltered ? { where: filter } : {}) };
}

export async function listNamespaces(cube: MemCube, list: List): Promise<string[][]> {
  return pageOfNamespaces(await cube.paths({ path: literalPrefix(list) }), list);
}

async function renew(
  cube: MemCube,
  memories: readonly Memory[],
  ttl: ParsedStoreOptions["ttl"],
): Promise<void> {
  if (ttl === undefined || !ttl.refreshOnRead) return;
  try {
    await cube.renew(memories, { ttlMs: ttl.defaultMs, after: ttl.refreshAfter });
  } catch (error) {
    if (!NOT_RENEWED.some((code) => isMemCubeError(error, code))) throw error;
  }
}
