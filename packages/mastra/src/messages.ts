import {
  LIMITS,
  type JsonObject,
  type ListOptions,
  type MemCube,
  type Memory,
} from "@memcube/core";
import type { MastraDBMessage } from "@mastra/core/memory";

import { keyOf, resourceTag } from "./from-mastra.ts";
import { assertTaken, remove } from "./records.ts";
import { toMessage } from "./to-mastra.ts";

/** Which messages of a cube. */
export interface MessagesOf {
  readonly threadId?: string;
  readonly resourceId?: string;
  /** Those that lie with this resource, whomever they name. */
  readonly within?: string;
  /** Milliseconds since the epoch: from inclusive, to exclusive. */
  readonly from?: number;
  readonly to?: number;
}

/** A message with the memory that it is. */
export interface HeldMessage {
  readonly memoryId: string;
  readonly message: MastraDBMessage;
}

/** Saves messages as turns; one that is there already is replaced. */
export async function saveTurns(cube: MemCube, turns: readonly JsonObject[]): Promise<void> {
  const { rejected } = await cube.add([...turns], { onDuplicate: "update" });
  assertTaken(rejected);
}

/** Messages by their ids, in that order; what is not there is left out. */
export async function messagesById(
  cube: MemCube,
  ids: readonly string[],
): Promise<readonly HeldMessage[]> {
  const found = new Map<string, HeldMessage>();
  for (let start = 0; start < ids.length; start += LIMITS.commitWrites) {
    const keys = ids.slice(start, start + LIMITS.commitWrites).map(keyOf);
    for (const memory of await cube.getManyByKey(keys)) hold(found, memory);
  }
  return ids.flatMap((id) => found.get(id) ?? []);
}

/** Every message that fits, in the order in which they were first saved. */
export async function allMessages(
  cube: MemCube,
  which: MessagesOf,
): Promise<readonly HeldMessage[]> {
  const found = new Map<string, HeldMessage>();
  let cursor: string | undefined;
  do {
    const options = { ...listed(which), limit: LIMITS.pageRows };
    const page = await cube.list({ ...options, ...(cursor === undefined ? {} : { cursor }) });
    for (const memory of page.items) hold(found, memory);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return [...found.values()];
}

/**
 * The youngest `count` messages, and perhaps more: with the last saved are read all that are no older
 * than the oldest of them, since messages need not be saved in the order of their times.
 */
export async function youngestMessages(
  cube: MemCube,
  which: MessagesOf,
  count: number,
): Promise<readonly HeldMessage[]> {
  if (count > LIMITS.pageRows) return await allMessages(cube, which);
  const last = await cube.list({ ...listed(which), order: "newest", limit: count });
  if (last.items.length < count || last.cursor === undefined) {
    const found = new Map<string, HeldMessage>();
    for (const memory of last.items.toReversed()) hold(found, memory);
    return [...found.values()];
  }
  const times = last.items.flatMap((memory) => toMessage(memory)?.createdAt.getTime() ?? []);
  const from = Math.max(which.from ?? Number.NEGATIVE_INFINITY, Math.min(...times));
  return await allMessages(cube, { ...which, from });
}

/** How many there are. */
export async function countMessages(cube: MemCube, which: MessagesOf): Promise<number> {
  const page = await cube.list({ ...listed(which), limit: 1, withTotal: true });
  return page.total ?? 0;
}

/** Removes the messages of a thread. */
export async function removeThread(
  cube: MemCube,
  threadId: string,
  deletion: "erase" | "forget",
): Promise<void> {
  const held = await allMessages(cube, { threadId });
  await remove(
    cube,
    held.map(({ memoryId }) => memoryId),
    deletion,
  );
}

/** Removes every message that came from Mastra. */
export async function removeSaved(cube: MemCube, deletion: "erase" | "forget"): Promise<void> {
  const held = await allMessages(cube, {});
  const saved = held.filter(({ message, memoryId }) => message.id !== memoryId);
  await remove(
    cube,
    saved.map(({ memoryId }) => memoryId),
    deletion,
  );
}

function listed({ threadId, resourceId, from, to }: MessagesOf): ListOptions {
  return {
    types: ["turn"],
    ...(threadId === undefined ? {} : { sessionId: threadId }),
    ...(resourceId === undefined ? {} : { tags: [resourceTag(resourceId)] }),
    ...(from === undefined || from === Number.NEGATIVE_INFINITY ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
}

function hold(found: Map<string, HeldMessage>, memory: Memory): void {
  const message = toMessage(memory);
  if (message !== undefined) found.set(message.id, { memoryId: memory.header.id, message });
}
