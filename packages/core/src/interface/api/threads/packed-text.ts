import { deflateRawSync, inflateRawSync } from "node:zlib";

import { MemCubeError } from "../../../errors.ts";
import { LIMITS } from "../../../limits.ts";
import { DICTIONARY } from "./dictionary.ts";

/**
 * Packed bytes begin with how the rest is to be read; each number keeps its meaning for ever:
 * 0 as it is; 1 deflated; 2 a count, as many UUIDs of 16 bytes, and a text, deflated, in which each of
 * them is a NUL. 1 and 2 are deflated with dictionary 1.
 */
const [PLAIN, DEFLATED, WITH_UUIDS] = [0, 1, 2];

/** Less than this is not worth deflating. */
const SHORT_BYTES = 48;

/** A window as large as the dictionary is enough for most, and much faster to set up than 32 KiB. */
const SMALL = { dictionary: DICTIONARY, windowBits: 12, memLevel: 5 };
const LARGE = { dictionary: DICTIONARY, windowBits: 15, memLevel: 8 };
const LARGE_BYTES = 8_192;

const UUID = /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/gu;
const UUID_BYTES = 16;
const MOST_UUIDS = 255;

/** A text in few bytes: LangGraph's own words are in the dictionary, UUIDs take 16 bytes. */
export function packText(text: string): Uint8Array {
  if (text.length < SHORT_BYTES) return packBytes(Buffer.from(text));
  const uuids = text.includes("\0") ? [] : (text.match(UUID) ?? []).slice(0, MOST_UUIDS);
  if (uuids.length === 0) return packBytes(Buffer.from(text));
  let left = uuids.length;
  const rest = Buffer.from(text.replace(UUID, (uuid) => (left-- > 0 ? "\0" : uuid)));
  return Buffer.concat([
    Buffer.from([WITH_UUIDS, uuids.length]),
    Buffer.from(uuids.join("").replaceAll("-", ""), "hex"),
    deflate(rest),
  ]);
}

/** Bytes in fewer, where they can be. */
export function packBytes(bytes: Uint8Array): Uint8Array {
  const deflated = bytes.length < SHORT_BYTES ? undefined : deflate(bytes);
  return deflated !== undefined && deflated.length < bytes.length
    ? Buffer.concat([Buffer.from([DEFLATED]), deflated])
    : Buffer.concat([Buffer.from([PLAIN]), bytes]);
}

/** @throws MemCubeError `MEMCUBE_STORAGE_DAMAGED` */
export function unpackText(packed: Uint8Array): string {
  if (packed[0] !== WITH_UUIDS) return Buffer.from(unpackBytes(packed)).toString();
  const end = 2 + (packed[1] ?? 0) * UUID_BYTES;
  const uuids = Buffer.from(packed.subarray(2, end)).toString("hex");
  let at = 0;
  // eslint-disable-next-line no-control-regex -- it stands for a UUID
  return inflate(packed.subarray(end)).replace(/\0/gu, () => {
    const hex = uuids.slice(at, (at += 2 * UUID_BYTES));
    const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
    return `${parts.join("-")}-${hex.slice(20)}`;
  });
}

/** @throws MemCubeError `MEMCUBE_STORAGE_DAMAGED` */
export function unpackBytes(packed: Uint8Array): Uint8Array {
  const rest = packed.subarray(1);
  if (packed[0] === PLAIN) return new Uint8Array(rest);
  if (packed[0] === DEFLATED) return inflateBytes(rest);
  throw damaged();
}

function deflate(bytes: Uint8Array): Buffer {
  return deflateRawSync(bytes, bytes.length < LARGE_BYTES ? SMALL : LARGE);
}

function inflate(bytes: Uint8Array): string {
  return inflateBytes(bytes).toString();
}

function inflateBytes(bytes: Uint8Array): Buffer {
  try {
    const maxOutputLength = LIMITS.threadStepBytes;
    return inflateRawSync(bytes, { dictionary: DICTIONARY, maxOutputLength });
  } catch (cause) {
    throw damaged(cause);
  }
}

function damaged(cause?: unknown): MemCubeError {
  const why = "A thread's state is not what was written. Restore a backup.";
  return new MemCubeError("MEMCUBE_STORAGE_DAMAGED", why, { cause });
}
