import { canonicalJson } from "@memcube/core";
import type { StorageThreadType } from "@mastra/core/memory";
import type { StorageListThreadsInput, StorageListThreadsOutput } from "@mastra/core/storage";

import { asJson } from "./from-mastra.ts";
import { sortByTime, windowOf } from "./page.ts";

/** Threads per page where nothing is said, as in every storage of Mastra. */
const PAGE_SIZE = 100;

/** A page of threads: filtered by metadata, by time of creation or last change, youngest first. */
export function pageOfThreads(
  threads: readonly StorageThreadType[],
  input: StorageListThreadsInput,
): StorageListThreadsOutput {
  const { page, perPage, offset, count } = windowOf(input, PAGE_SIZE);
  const conditions = Object.entries(asJson(input.filter?.metadata ?? {}));
  const fitting = threads.filter(({ metadata }) => {
    const known = asJson(metadata ?? {});
    return conditions.every(
      ([key, value]) =>
        Object.hasOwn(known, key) && canonicalJson(known[key] ?? null) === canonicalJson(value),
    );
  });
  const field = input.orderBy?.field === "updatedAt" ? "updatedAt" : "createdAt";
  const direction = input.orderBy?.direction === "ASC" ? "ASC" : "DESC";
  const sorted = sortByTime(fitting, (thread) => thread[field], direction);
  return {
    threads: sorted.slice(offset, offset + count),
    total: sorted.length,
    page,
    perPage,
    hasMore: offset + count < sorted.length,
  };
}
