import { memcubeChats, type MemCubeChats } from "@memcube/ai-sdk";
import { createMemOS, type MemCube, type MemOS, type MemSession } from "@memcube/core";
import { redisStorage } from "@memcube/redis";
import { open } from "memcube";

/** Next.js loads a module once per route: what is opened once lives here. */
const opened = globalThis as { memcube?: Promise<MemOS> };

/** The memory of this server: a file, or `MEMCUBE_STORAGE=redis://...` for several machines. */
export function memory(): Promise<MemOS> {
  opened.memcube ??= openMemory(process.env.MEMCUBE_STORAGE ?? "memory.db");
  return opened.memcube;
}

async function openMemory(place: string): Promise<MemOS> {
  if (!place.startsWith("redis")) return await open({ path: place });
  return createMemOS({ storage: await redisStorage({ url: place }) });
}

export async function sessionOf(userId: string): Promise<MemSession> {
  return (await memory()).as({ userId, via: "nextjs-chat" });
}

/** What is remembered of a user. */
export async function memoriesOf(userId: string): Promise<MemCube> {
  return await (await sessionOf(userId)).cube(`user:${userId}`);
}

/** The transcripts of a user's chats. */
export async function chatsOf(userId: string): Promise<MemCubeChats> {
  return memcubeChats({ os: await memory(), scope: { caller: { userId } } });
}
