import type { ThreadRef } from "@memcube/core";

import { type Keys } from "../keys.ts";

/** What was written last, pages of what was before, and their set (see scripts/modules/entries.lua). */
export function threadKeys(
  keys: Keys,
  thread: ThreadRef,
): readonly [recent: string, data: string, order: string] {
  const key = keys.thread(thread, "");
  return [`${key}recent`, `${key}data`, `${key}order`];
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
