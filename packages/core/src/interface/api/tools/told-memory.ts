import type { JsonObject, Memory } from "../../../memory/index.ts";
import { toRenderable } from "../../../operation/operator/index.ts";

/** Characters of one memory's text that a model is shown: some 300 tokens. */
const TEXT_CHARS = 1_200;

/** A memory as a model reads it: what it says, when, by whom and where it comes from. */
export function toldMemory(memory: Memory, userId: string): JsonObject {
  const { header, payload } = memory;
  const { text, title, speaker, sessionId, at } = toRenderable(memory);
  const source = title ?? (payload.type === "document" ? payload.uri : undefined);
  return {
    id: header.id,
    text: shortened(text),
    kind: header.type,
    ...(at === undefined ? {} : { when: `${new Date(at).toISOString().slice(0, 16)}Z` }),
    ...(speaker === undefined ? {} : { saidBy: speaker }),
    ...(sessionId === undefined ? {} : { session: sessionId }),
    ...(source === undefined ? {} : { source }),
    ...(header.owner === `user:${userId}` ? {} : { owner: header.owner }),
    ...(header.frozen ? { frozen: true } : {}),
  };
}

function shortened(text: string): string {
  if (text.length <= TEXT_CHARS) return text;
  return `${text.slice(0, TEXT_CHARS).toWellFormed()} [...]`;
}
