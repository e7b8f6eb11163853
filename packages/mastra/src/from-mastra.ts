import { MemCubeError, type JsonObject } from "@memcube/core";
import type { MastraDBMessage } from "@mastra/core/memory";

/** Names the form of the message that a turn keeps. */
export const MESSAGE_FORMAT = "mastra-message-2";

const KEY = "mastra:";

/** The external key of a message: its id is unique among all threads. */
export function keyOf(messageId: string): string {
  return `${KEY}${messageId}`;
}

/** The id of a message that came from Mastra; `undefined` for a key of others. */
export function messageIdOf(externalKey: string | undefined): string | undefined {
  return externalKey?.startsWith(KEY) === true ? externalKey.slice(KEY.length) : undefined;
}

/** Marks the turns of a resource, so that a cube may hold those of several. */
export function resourceTag(resourceId: string): string {
  return `resource:${resourceId}`;
}

/** A message as the turn that `add` and `absorb` take, with the message itself beside what it says. */
export function toTurn(message: MastraDBMessage): JsonObject {
  const { id, role, createdAt, threadId, resourceId, type, content } = message;
  if (threadId === undefined || threadId.trim() === "") {
    throw new MemCubeError("MEMCUBE_INVALID_INPUT", `Message ${id} names no thread.`);
  }
  const at = new Date(createdAt).getTime();
  if (!Number.isFinite(at)) {
    throw new MemCubeError("MEMCUBE_INVALID_INPUT", `Message ${id} has no valid createdAt.`);
  }
  const calls = toolCallsOf(message);
  return asJson({
    payload: {
      type: "turn",
      text: textOf(message),
      role: role === "signal" ? "system" : role,
      sessionId: threadId,
      order: 0,
      ...(calls.length === 0 ? {} : { toolCalls: calls }),
      original: { format: MESSAGE_FORMAT, value: { role, type, resourceId, content } },
    },
    externalKey: keyOf(id),
    tags: resourceId === undefined ? [] : [resourceTag(resourceId)],
    sources: [{ kind: "message", id, sessionId: threadId, at }],
  });
}

/** What a message says in words. */
export function textOf({ content }: Pick<MastraDBMessage, "content">): string {
  const said = content.parts.flatMap((part) => (part.type === "text" ? [part.text] : []));
  return said.length > 0 ? said.join("\n") : (content.content ?? "");
}

function toolCallsOf({ content }: MastraDBMessage) {
  return content.parts.flatMap((part) => {
    if (part.type !== "tool-invocation") return [];
    const { toolCallId: id, toolName: name } = part.toolInvocation;
    const input: unknown = part.toolInvocation.args ?? {};
    return [{ id, name, input }];
  });
}

/** A value as every storage of Mastra keeps it: dates as text, what is undefined left out. */
export function asJson(value: unknown): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}
