import type { MastraDBMessage } from "@mastra/core/memory";
import type { MemoryStorage } from "@mastra/core/storage";

/** What an update names of a message. */
export type MessagePatch = Parameters<MemoryStorage["updateMessages"]>[0]["messages"][number];

/** The message after an update: fields of the content and of its metadata one by one. */
export function patchMessage(message: MastraDBMessage, patch: MessagePatch): MastraDBMessage {
  const { content, ...fields } = defined(patch);
  const merged = { ...message.content, ...content } as MastraDBMessage["content"];
  const metadata = { ...message.content.metadata, ...content?.metadata };
  return {
    ...message,
    ...fields,
    content: Object.keys(metadata).length === 0 ? merged : { ...merged, metadata },
  };
}

/** Without the fields that are named but have no value: they change nothing. */
function defined(patch: MessagePatch): MessagePatch {
  const given = Object.entries(patch).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as MessagePatch;
}
