import {
  isMemCubeError,
  LIMITS,
  MemCubeError,
  resolveScope,
  type MemCube,
  type Memory,
  type MemOS,
  type Page,
  type Scope,
} from "@memcube/core";

import {
  chatKey,
  chatOf,
  chatsCube,
  CHATS_TAG,
  chatTag,
  messageKey,
  messageOf,
  titleOf,
  type ChatMessage,
} from "./chat-record.ts";
import { VIA } from "./options.ts";

/** Options of {@link memcubeChats}. */
export interface MemCubeChatsOptions {
  readonly os: MemOS;
  /**
   * Whose chats; `cube` is where they lie, by default `chats:<user>`.
   * @default user "local" of tenant "default": single-user mode
   */
  readonly scope?: Scope;
}

/** One chat in a list of them. */
export interface ChatInfo {
  readonly id: string;
  /** As it was given, or how the chat begins. */
  readonly title: string;
  readonly messages: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Chats of a user, message by message as the user interface has them. */
export interface MemCubeChats {
  /**
   * Stores a chat as it is now: what changed is written, what is not in it any more is forgotten.
   *
   * @throws MemCubeError `MEMCUBE_INVALID_INPUT` for what is no message, `MEMCUBE_LIMIT_EXCEEDED` for one
   * beyond `LIMITS.payloadBytes`: keep files elsewhere and their address in the message
   */
  readonly saveChat: (chat: {
    readonly chatId: string;
    readonly messages: readonly ChatMessage[];
    /** @default the title it has, or how it begins */
    readonly title?: string;
  }) => Promise<void>;
  /** The messages, in order; none for a chat that is not there. Check them with `validateUIMessages`. */
  readonly loadChat: <Message extends ChatMessage>(chatId: string) => Promise<Message[]>;
  /** Chats, newest first. */
  readonly listChats: (options?: {
    /** @default 100 */
    readonly limit?: number;
    readonly cursor?: string;
  }) => Promise<Page<ChatInfo>>;
  /** Destroys a chat with all its versions. What was remembered of it stays: see the memories' cube. */
  readonly deleteChat: (chatId: string) => Promise<void>;
}

/**
 * Keeps what a user interface shows: `useChat` has lost it when the page is loaded anew. This is the
 * transcript; what is remembered of it is the middleware's.
 *
 * @throws MemCubeError those of the storage
 */
export function memcubeChats({ os, scope }: MemCubeChatsOptions): MemCubeChats {
  const open = async (readOnly: boolean): Promise<MemCube | undefined> => {
    const { caller, cube } = await resolveScope(scope, undefined, VIA);
    const id = cube ?? chatsCube(caller.userId);
    try {
      return await os.as(caller).cube(id, readOnly ? { readOnly } : { create: true });
    } catch (error) {
      if (readOnly && isMemCubeError(error, "MEMCUBE_CUBE_NOT_FOUND")) return undefined;
      throw error;
    }
  };
  return {
    async saveChat(chat) {
      const cube = await open(false);
      if (cube !== undefined) await save(cube, chat);
    },
    async loadChat<Message extends ChatMessage>(chatId: string): Promise<Message[]> {
      const cube = await open(true);
      if (cube === undefined) return [];
      const records = (await recordsOf(cube, chatId)).flatMap((memory) => messageOf(memory) ?? []);
      return records
        .toSorted((a, b) => a.place - b.place)
        .map(({ message }) => message as unknown as Message);
    },
    async listChats({ limit = 100, cursor } = {}) {
      const cube = await open(true);
      const page = await cube?.list({
        tags: [CHATS_TAG],
        order: "newest",
        limit,
        ...(cursor === undefined ? {} : { cursor }),
      });
      return { ...page, items: (page?.items ?? []).flatMap((memory) => infoOf(memory) ?? []) };
    },
    async deleteChat(chatId) {
      const cube = await open(true);
      if (cube === undefined) return;
      const ids = (await recordsOf(cube, chatId, true)).map(({ header }) => header.id);
      const writable = ids.length === 0 ? undefined : await open(false);
      for (let start = 0; start < ids.length; start += LIMITS.commitWrites) {
        await writable?.erase(ids.slice(start, start + LIMITS.commitWrites));
      }
    },
  };
}

async function save(
  cube: MemCube,
  { chatId, messages, title }: Parameters<MemCubeChats["saveChat"]>[0],
): Promise<void> {
  const before = await recordsOf(cube, chatId);
  const known = before.map(chatOf).find((chat) => chat !== undefined);
  const chat = {
    chatId,
    title: title ?? known?.title ?? titleOf(messages),
    messages: messages.length,
  };
  const records = messages.map((message, place) => ({
    payload: { type: "json", value: { chatId, place, message } },
    externalKey: messageKey(chatId, message.id),
    tags: [chatTag(chatId)],
  }));
  const header = {
    payload: { type: "json", value: chat },
    externalKey: chatKey(chatId),
    tags: [CHATS_TAG, chatTag(chatId)],
  };
  const { rejected } = await cube.add([header, ...records], { onDuplicate: "update" });
  const [refusal] = rejected;
  if (refusal !== undefined) {
    throw new MemCubeError("MEMCUBE_INVALID_INPUT", `${refusal.position}: ${refusal.message}`, {
      details: { position: refusal.position, code: refusal.code },
    });
  }
  const kept = new Set([header, ...records].map(({ externalKey }) => externalKey));
  for (const memory of before) {
    if (!kept.has(memory.header.externalKey ?? "")) await cube.forget(memory.header.id);
  }
}

/** Everything of one chat; with `gone` also what was forgotten. */
async function recordsOf(cube: MemCube, chatId: string, gone = false): Promise<readonly Memory[]> {
  const found: Memory[] = [];
  let cursor: string | undefined;
  do {
    const page = await cube.list({
      tags: [chatTag(chatId)],
      limit: LIMITS.pageRows,
      ...(gone ? { states: ["generated", "activated", "archived", "forgotten"] } : {}),
      ...(cursor === undefined ? {} : { cursor }),
    });
    found.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
}

function infoOf(memory: Memory): ChatInfo | undefined {
  const chat = chatOf(memory);
  if (chat === undefined) return undefined;
  const { createdAt, updatedAt } = memory.header;
  return { id: chat.chatId, title: chat.title, messages: chat.messages, createdAt, updatedAt };
}
