import type { MemThreads, ThreadCheckpoint } from "@memcube/core";

/** A checkpoint and the thread it is of. */
export interface FoundCheckpoint {
  readonly threadId: string;
  readonly checkpoint: ThreadCheckpoint;
}

interface ListQuery {
  readonly namespace?: string;
  readonly before?: string;
  /** How many are wanted at most. */
  readonly pageSize: number;
}

/** Checkpoints that are read with one call at most. */
const PAGE = 64;

/** Threads that are merged by time; further ones come after these, each by itself. */
const MERGED = 256;

/** Checkpoints of one thread, newest first. */
export async function* newestOfThread(
  threads: MemThreads,
  threadId: string,
  { pageSize, ...query }: ListQuery,
): AsyncGenerator<FoundCheckpoint> {
  const limit = Math.min(pageSize, PAGE);
  let cursor: string | undefined;
  do {
    const page = await threads.list(threadId, { ...query, limit, cursor });
    for (const checkpoint of page.items) yield { threadId, checkpoint };
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** The checkpoint of this id, if it is there and came before `before`. */
export async function* oneOfThread(
  threads: MemThreads,
  threadId: string,
  { id, namespace, before }: { id: string; namespace: string; before?: string },
): AsyncGenerator<FoundCheckpoint> {
  if (before !== undefined && id >= before) return;
  const checkpoint = await threads.get(threadId, { namespace, id });
  if (checkpoint !== undefined) yield { threadId, checkpoint };
}

/** Checkpoints of all threads, newest first; those used last are merged, older threads follow. */
export async function* newestOfThreads(
  threads: MemThreads,
  query: ListQuery,
): AsyncGenerator<FoundCheckpoint> {
  let cursor: string | undefined;
  do {
    const page = await threads.listThreads({ limit: MERGED, cursor });
    yield* merged(page.items.map(({ threadId }) => newestOfThread(threads, threadId, query)));
    cursor = page.cursor;
  } while (cursor !== undefined);
}

async function* merged(
  sources: readonly AsyncGenerator<FoundCheckpoint>[],
): AsyncGenerator<FoundCheckpoint> {
  const heads = await Promise.all(sources.map(async (source) => await nextOf(source)));
  for (;;) {
    const newest = heads.reduce(newer, undefined);
    if (newest === undefined) return;
    yield newest.found;
    heads[heads.indexOf(newest)] = await nextOf(newest.source);
  }
}

interface Head {
  readonly source: AsyncGenerator<FoundCheckpoint>;
  readonly found: FoundCheckpoint;
}

async function nextOf(source: AsyncGenerator<FoundCheckpoint>): Promise<Head | undefined> {
  const next = await source.next();
  return next.done === true ? undefined : { source, found: next.value };
}

function newer(a: Head | undefined, b: Head | undefined): Head | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.found.checkpoint.id >= b.found.checkpoint.id ? a : b;
}
