import { LIMITS, sha256Hex, type Memory } from "@memcube/core";
import { z } from "zod";

/** A message of a user interface, `UIMessage` of the AI SDK: whatever parts it has. */
export interface ChatMessage {
  readonly id: string;
  readonly role: "system" | "user" | "assistant";
  readonly parts: readonly unknown[];
}

/** How a message lies in its cube: a value of the user's own, as it is, with its place in the chat. */
const messageSchema = z.object({
  chatId: z.string(),
  place: z.int().min(0),
  message: z.looseObject({
    id: z.string(),
    role: z.enum(["system", "user", "assistant"]),
    parts: z.array(z.unknown()),
  }),
});

const chatSchema = z.object({ chatId: z.string(), title: z.string(), messages: z.int().min(0) });

export type ChatRecord = z.infer<typeof chatSchema>;
export type MessageRecord = z.infer<typeof messageSchema>;

/** On every chat's own record. */
export const CHATS_TAG = "chat";

/** On every record of one chat. */
export function chatTag(chatId: string): string {
  return short(`chat:${chatId}`);
}

export function chatKey(chatId: string): string {
  return short(`chat/${chatId}`);
}

export function messageKey(chatId: string, messageId: string): string {
  return short(`chat/${chatId}/message/${messageId}`);
}

/** The cube of a user's chats: apart from what is remembered, so that no search finds them twice. */
export function chatsCube(userId: string): string {
  return short(`chats:${userId}`);
}

export function chatOf({ payload }: Memory): ChatRecord | undefined {
  return payload.type === "json" ? chatSchema.safeParse(payload.value).data : undefined;
}

export function messageOf({ payload }: Memory): MessageRecord | undefined {
  return payload.type === "json" ? messageSchema.safeParse(payload.value).data : undefined;
}

const TITLE_CHARS = 80;

/** What a chat is called until somebody names it: how it begins. */
export function titleOf(messages: readonly ChatMessage[]): string {
  const texts = messages
    .filter(({ role }) => role === "user")
    .flatMap(({ parts }) => parts)
    .flatMap((part) =>
      typeof part === "object" && part !== null && "text" in part ? String(part.text) : [],
    );
  return (texts[0] ?? "").replaceAll(/\s+/g, " ").trim().slice(0, TITLE_CHARS);
}

/** An id of the application's, as one that memcube takes. */
function short(id: string): string {
  return id.length <= LIMITS.idChars ? id : `${id.slice(0, 180)}~${sha256Hex(id)}`;
}
