import { type JsonObject, MemCubeError } from "@memcube/core";

import type { Reply } from "./connection/connection.ts";

/** What the server answered is not what was written: a damaged value, or another program's key. */
export function damaged(what: string, cause?: unknown): MemCubeError {
  const why = `The server's answer is not what memcube wrote (${what}).`;
  return new MemCubeError("MEMCUBE_STORAGE_DAMAGED", why, { cause });
}

/** @throws MemCubeError `MEMCUBE_STORAGE_DAMAGED` */
export function listOf(reply: Reply): readonly Reply[] {
  if (Array.isArray(reply)) return reply as readonly Reply[];
  throw damaged("no list");
}

/** @throws MemCubeError `MEMCUBE_STORAGE_DAMAGED` */
export function textOf(reply: Reply): string {
  if (typeof reply === "string") return reply;
  if (Buffer.isBuffer(reply)) return reply.toString();
  throw damaged("no text");
}

/** A number, sent as one or as its text. @throws MemCubeError `MEMCUBE_STORAGE_DAMAGED` */
export function numberOf(reply: Reply): number {
  const value = typeof reply === "number" ? reply : Number(textOf(reply));
  if (Number.isFinite(value)) return value;
  throw damaged("no number");
}

/** @throws MemCubeError `MEMCUBE_STORAGE_DAMAGED` */
export function bytesOf(reply: Reply): Buffer {
  if (Buffer.isBuffer(reply)) return reply;
  throw damaged("no bytes");
}

/** Cuts a flat list into rows. */
export function rowsOf(reply: Reply, width: number): (readonly Reply[])[] {
  const list = listOf(reply);
  const rows = [];
  for (let at = 0; at < list.length; at += width) rows.push(list.slice(at, at + width));
  return rows;
}

/** An object that was written as JSON. @throws MemCubeError `MEMCUBE_STORAGE_DAMAGED` */
export function objectOf(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw damaged("no JSON", cause);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as JsonObject;
  throw damaged("no object");
}
