import type { MastraDBMessage } from "@mastra/core/memory";
import type { StorageListMessagesInput, StorageListMessagesOutput } from "@mastra/core/storage";

import { messageFits, rangeOf } from "./message-filter.ts";
import type { MessagePlaces } from "./message-places.ts";
import type { HeldMessage, MessagesOf } from "./messages.ts";
import { sortByTime, windowOf, wrong, type Direction } from "./page.ts";

/** Messages per page where nothing is said, as in every storage of Mastra. */
const PAGE_SIZE = 40;

export type MessageListing = Omit<StorageListMessagesInput, "threadId"> & {
  /** Left out: all threads of the resource. */
  readonly threadIds?: readonly string[];
  /** Only what lies with this resource. */
  readonly within?: string;
};

/**
 * A page of messages by their times, with those asked for by id and their neighbours beside it.
 *
 * @throws MemCubeError `MEMCUBE_INVALID_INPUT` for a broken page, order or filter
 */
export async function listThreadMessages(
  places: MessagePlaces,
  listing: MessageListing,
): Promise<StorageListMessagesOutput> {
  const { include = [], includeTotal, filter } = listing;
  const window = windowOf(listing, PAGE_SIZE);
  const direction = directionOf(listing);
  const fits = messageFits(filter);
  const shown = { page: window.page, perPage: window.perPage };
  // Of nothing of a thread there is no total; of a resource there is, as in Mastra's own storages.
  const none = window.count === 0 && listing.threadIds !== undefined;
  const wanted = wantedThreads(listing);
  if (none && include.length === 0) return { ...shown, messages: [], total: 0, hasMore: false };
  const reach = window.offset + window.count;
  const few = direction === "DESC" && filter?.metadata === undefined && include.length === 0;
  const read = async (which: MessagesOf) =>
    few ? await places.youngest(which, reach + 1) : await places.all(which);
  const found = none ? [] : (await Promise.all(wanted.map(read))).flat();
  const sorted = sortByTime(messagesIn(found, fits), createdAtOf, direction);
  const page = sorted.slice(window.offset, reach);
  const counted = few && includeTotal !== false && !none;
  const total = counted ? await totalOf(places, wanted, filter) : sorted.length;
  const included = await includedMessages(places, listing);
  const ids = new Set(page.map(({ id }) => id));
  const messages = [...page, ...included.filter(({ id }) => !ids.has(id))];
  return {
    ...shown,
    messages: [...sortByTime(messages, createdAtOf, direction)],
    total,
    hasMore: !none && hasMore(sorted, { messages, reach, include }),
  };
}

/** Whether something of the threads is neither on this page nor beside it. */
function hasMore(
  sorted: readonly MastraDBMessage[],
  {
    messages,
    reach,
    include,
  }: {
    readonly messages: readonly MastraDBMessage[];
    readonly reach: number;
    readonly include: readonly unknown[];
  },
): boolean {
  if (include.length === 0) return sorted.length > reach;
  const given = new Set(messages.map(({ id }) => id));
  return sorted.length > reach && sorted.some(({ id }) => !given.has(id));
}

/** Messages that are asked for by id, each with its neighbours in its own thread. */
async function includedMessages(
  places: MessagePlaces,
  { include = [], resourceId }: MessageListing,
): Promise<readonly MastraDBMessage[]> {
  if (include.length === 0) return [];
  const targets = await places.byId(
    include.map(({ id }) => id),
    resourceId,
  );
  const threads = new Map<string, readonly MastraDBMessage[]>();
  const found = new Map<string, MastraDBMessage>();
  for (const { message } of targets) {
    const { threadId } = message;
    if (threadId === undefined) continue;
    if (resourceId !== undefined && message.resourceId !== resourceId) continue;
    const thread = threads.get(threadId) ?? (await wholeThread(places, threadId, resourceId));
    threads.set(threadId, thread);
    const at = thread.findIndex(({ id }) => id === message.id);
    const around = include.find(({ id }) => id === message.id);
    const first = Math.max(0, at - (around?.withPreviousMessages ?? 0));
    const last = at + (around?.withNextMessages ?? 0);
    for (const one of thread.slice(first, last + 1)) found.set(one.id, one);
  }
  return [...found.values()];
}

async function wholeThread(
  places: MessagePlaces,
  threadId: string,
  resourceId: string | undefined,
) {
  const which = resourceId === undefined ? { threadId } : { threadId, resourceId };
  const held = await places.all(which);
  return sortByTime(
    held.map(({ message }) => message),
    createdAtOf,
    "ASC",
  );
}

async function totalOf(
  places: MessagePlaces,
  wanted: readonly MessagesOf[],
  filter: MessageListing["filter"],
): Promise<number> {
  const { startExclusive, endExclusive } = filter?.dateRange ?? {};
  // An exclusive bound cuts finer than a listing does: then they are looked at one by one.
  const exact = startExclusive !== true && endExclusive !== true;
  const fits = messageFits(filter);
  const counts = wanted.map(async (which) =>
    exact ? await places.count(which) : messagesIn(await places.all(which), fits).length,
  );
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

function wantedThreads({
  threadIds,
  resourceId,
  within,
  filter,
}: MessageListing): readonly MessagesOf[] {
  const which = {
    ...rangeOf(filter?.dateRange),
    ...(resourceId === undefined ? {} : { resourceId }),
    ...(within === undefined ? {} : { within }),
  };
  if (threadIds === undefined) return [which];
  if (threadIds.length === 0 || threadIds.some((id) => id.trim() === "")) {
    throw wrong("threadId must be a non-empty string or array of non-empty strings");
  }
  return [...new Set(threadIds)].map((threadId) => ({ ...which, threadId }));
}

function directionOf({ orderBy }: MessageListing): Direction {
  return orderBy?.direction === "DESC" ? "DESC" : "ASC";
}

function messagesIn(
  held: readonly HeldMessage[],
  fits: (message: MastraDBMessage) => boolean,
): readonly MastraDBMessage[] {
  return held.map(({ message }) => message).filter(fits);
}

function createdAtOf({ createdAt }: MastraDBMessage): Date {
  return createdAt;
}
