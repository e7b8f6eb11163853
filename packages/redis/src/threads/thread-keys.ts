import type { ThreadRef } from "@memcube/core";

import { type Keys } from "../keys.ts";
import { memberOf } from "../members.ts";

/** Hash and sorted set of a thread (see scripts/modules/thread.lua). */
export function threadKeys(keys: Keys, thread: ThreadRef): readonly [string, string] {
  return [keys.thread(thread, "data"), keys.thread(thread, "order")];
}

/** Ids of an owner's threads by when they were used. */
export function ownerKey(keys: Keys, { tenantId, owner }: Omit<ThreadRef, "threadId">): string {
  return keys.threadList(tenantId, owner, "used");
}

/** Threads of everybody that expire, by when. */
export function expiryKey(keys: Keys): string {
  return keys.root("thread-expiry");
}

/** A thread as a member of {@link expiryKey}. */
export function threadMember({ tenantId, owner, threadId }: ThreadRef): string {
  return JSON.stringify([tenantId, owner, threadId]);
}

/** Where a checkpoint lies in its thread: in the order of namespaces, and in that of ids. */
export function checkpointPlaces({
  namespace,
  id,
}: {
  readonly namespace: string;
  readonly id: string;
}): readonly [string, string] {
  return [memberOf(namespace, id), memberOf(id, namespace)];
}

/** Lowest index of a pending write: LangGraph numbers those of errors and interrupts below zero. */
const LOWEST_INDEX = -2_147_483_648;

/** Where a pending write lies in its thread: after its checkpoint's place, in the order of tasks. */
export function writePlace(
  checkpoint: string,
  { taskId, index }: { readonly taskId: string; readonly index: number },
): string {
  const digits = String(index - LOWEST_INDEX).padStart(12, "0");
  return `${checkpoint}\0${memberOf(taskId, digits)}`;
}
