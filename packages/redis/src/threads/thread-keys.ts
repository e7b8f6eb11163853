import type { ThreadRef } from "@memcube/core";

import { type Keys } from "../keys.ts";

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
