import { gunzipSync } from "node:zlib";

import type { MemoryData } from "./memory-data.ts";

/** Every blob of every tenant as text, unpacked where it is packed. */
export function blobTexts(data: MemoryData): string[] {
  return [...data.blobs.values()].flatMap((blobs) => [...blobs.values()].map(textOf));
}

function textOf(bytes: Uint8Array): string {
  const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return (packed ? gunzipSync(bytes) : Buffer.from(bytes)).toString("utf8");
}
