import { randomUUID } from "node:crypto";

import type { MastraDBMessage, StorageThreadType } from "@mastra/core/memory";
import type { StorageCloneThreadInput } from "@mastra/core/storage";

export interface ThreadCopy {
  readonly thread: StorageThreadType;
  readonly messages: readonly MastraDBMessage[];
  /** Ids of the source's messages and those of their copies. */
  readonly messageIdMap: Record<string, string>;
}

/** A thread as a new one, with all or some of its messages under new ids. Pure but for the ids. */
export function copyOf(
  source: StorageThreadType,
  rising: readonly MastraDBMessage[],
  { newThreadId, resourceId, title, metadata, options }: StorageCloneThreadInput,
): ThreadCopy {
  const chosen = choose(rising, options);
  const now = new Date();
  const lastMessageId = chosen.at(-1)?.id;
  const thread: StorageThreadType = {
    id: newThreadId ?? randomUUID(),
    resourceId: resourceId ?? source.resourceId,
    title: title ?? (source.title === undefined ? undefined : `Clone of ${source.title}`),
    metadata: {
      ...metadata,
      clone: {
        sourceThreadId: source.id,
        clonedAt: now,
        ...(lastMessageId === undefined ? {} : { lastMessageId }),
      },
    },
    createdAt: now,
    updatedAt: now,
  };
  const messages = chosen.map((message) => ({
    ...message,
    id: randomUUID(),
    threadId: thread.id,
    resourceId: resourceId ?? message.resourceId ?? thread.resourceId,
  }));
  const pairs = chosen.map(({ id }, place) => [id, messages[place]?.id ?? id] as const);
  return { thread, messages, messageIdMap: Object.fromEntries(pairs) };
}

function choose(
  rising: readonly MastraDBMessage[],
  { messageLimit, messageFilter }: NonNullable<StorageCloneThreadInput["options"]> = {},
): readonly MastraDBMessage[] {
  const { startDate, endDate, messageIds = [] } = messageFilter ?? {};
  const wanted = new Set(messageIds);
  const fitting = rising.filter(
    ({ id, createdAt }) =>
      (wanted.size === 0 || wanted.has(id)) &&
      (startDate === undefined || createdAt >= startDate) &&
      (endDate === undefined || createdAt <= endDate),
  );
  return messageLimit === undefined || messageLimit <= 0 ? fitting : fitting.slice(-messageLimit);
}
