import { deflateRawSync, inflateRawSync } from "node:zlib";

import { MemCubeError } from "../../../errors.ts";
import { LIMITS } from "../../../limits.ts";
import { DICTIONARY } from "./dictionary.ts";
import { FixedDeflate } from "./fixed-deflate.ts";
import { takeParts, TIME_BYTES } from "./taken-parts.ts";

/**
 * Packed bytes begin with how the rest is to be read; each number keeps its meaning for ever:
 * 0 as it is; 1 deflated; 2 how many UUIDs and how many times, a byte each, then the UUIDs of 16 bytes,
 * the times of 6, and a text, deflated, in which U+0000 stands for a UUID and U+0001 for a time. 1 and 2
 * are deflated with dictionary 1. 3 a text as it is.
 */
const [PLAIN, DEFLATED, WITH_PARTS, TEXT] = [0, 1, 2, 3];

/** Less than this is not worth deflating. */
const SHORT_BYTES = 48;

/**
 * Up to so many bytes, codes of their own gain too little for what zlib takes to be set up: of JSON, most
 * of which is found in the dictionary, and of words.
 */
const FIXED_JSON_BYTES = 1_024;
const FIXED_BYTES = 256;
const fixed = new FixedDeflate(DICTIONARY, FIXED_JSON_BYTES);
const [BRACKET, BRACE] = Buffer.from("[{");

/** A window as large as the dictionary is enough for most, and much faster to set up than 32 KiB. */
const SMALL = { dictionary: DICTIONARY, windowBits: 12, memLevel: 5 };
const LARGE = { dictionary: DICTIONARY, windowBits: 15, memLevel: 8 };
const LARGE_BYTES = 8_192;

const UUID_BYTES = 16;

/** How a step's texts and bytes are packed. */
export interface Packing {
  readonly text: (text: string) => Uint8Array;
  readonly bytes: (bytes: Uint8Array) => Uint8Array;
}

/** Packed by whoever makes the step. */
export const PACKED: Packing = { text: packText, bytes: packBytes };

/** Left to the storage. */
export const PACKED_LATER: Packing = { text: plainText, bytes: plainBytes };

/** A text that is yet to be packed. */
export function plainText(text: string): Uint8Array {
  const bytes = Buffer.allocUnsafe(1 + Buffer.byteLength(text));
  bytes[0] = TEXT;
  bytes.write(text, 1);
  return bytes;
}

/** Bytes that are yet to be packed. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([PLAIN]), bytes]);
}

/** Packs what is yet to be packed, by {@link plainText} or {@link plainBytes}; the rest stays. */
export function packThreadBytes(plain: Uint8Array): Uint8Array {
  if (plain[0] === TEXT) return packText(Buffer.from(plain.subarray(1)).toString());
  return plain[0] === PLAIN ? packBytes(plain.subarray(1)) : plain;
}

/** @throws MemCubeError `MEMCUBE_LIMIT_EXCEEDED` for more than one step of a thread holds */
export function checkStepBytes(actual: number): void {
  const max = LIMITS.threadStepBytes;
  if (actual <= max) return;
  const why = `One step of a thread holds at most ${max} bytes.`;
  const details = { limit: "threadStepBytes", max, actual };
  throw new MemCubeError("MEMCUBE_LIMIT_EXCEEDED", why, { details });
}

/** A text in few bytes: LangGraph's own words are in the dictionary, UUIDs and times are numbers. @throws MemCubeError `MEMCUBE_LIMIT_EXCEEDED` */
export function packText(text: string): Uint8Array {
  // eslint-disable-next-line no-control-regex -- they stand for parts
  const isWhole = text.length < SHORT_BYTES || /[\0\u0001]/u.test(text);
  const { uuids, times, rest } = isWhole ? { uuids: [], times: [], rest: text } : takeParts(text);
  if (rest === text) return packBytes(Buffer.from(text));
  const counts = Buffer.from([WITH_PARTS, uuids.length, times.length]);
  return Buffer.concat([counts, ...uuids, ...times, deflate(Buffer.from(rest))]);
}

/** Bytes in fewer, where they can be. @throws MemCubeError `MEMCUBE_LIMIT_EXCEEDED` */
export function packBytes(bytes: Uint8Array): Uint8Array {
  const deflated = bytes.length < SHORT_BYTES ? undefined : deflate(bytes);
  return deflated !== undefined && deflated.length < bytes.length
    ? Buffer.concat([Buffer.from([DEFLATED]), deflated])
    : plainBytes(bytes);
}

/** @throws MemCubeError `MEMCUBE_STORAGE_DAMAGED` */
export function unpackText(packed: Uint8Array): string {
  if (packed[0] === TEXT) return Buffer.from(packed.subarray(1)).toString();
  if (packed[0] !== WITH_PARTS) return Buffer.from(unpackBytes(packed)).toString();
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.length);
  let uuidAt = 3;
  let timeAt = uuidAt + (packed[1] ?? 0) * UUID_BYTES;
  const end = timeAt + (packed[2] ?? 0) * TIME_BYTES;
  if (end > bytes.length) throw damaged();
  // eslint-disable-next-line no-control-regex -- they stand for parts
  return inflate(packed.subarray(end)).replace(/[\0\u0001]/gu, (mark) => {
    if (mark === "\0") return uuidText(bytes.toString("hex", uuidAt, (uuidAt += UUID_BYTES)));
    const time = bytes.readUIntBE(timeAt, TIME_BYTES);
    timeAt += TIME_BYTES;
    return new Date(time).toISOString();
  });
}

function uuidText(hex: string): string {
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return `${parts.join("-")}-${hex.slice(20)}`;
}

/** @throws MemCubeError `MEMCUBE_STORAGE_DAMAGED` */
export function unpackBytes(packed: Uint8Array): Uint8Array {
  const rest = packed.subarray(1);
  if (packed[0] === PLAIN) return new Uint8Array(rest);
  if (packed[0] === DEFLATED) return new Uint8Array(inflateBytes(rest));
  throw damaged();
}

function deflate(bytes: Uint8Array): Buffer {
  checkStepBytes(bytes.length); // More would not be unpacked again, however few bytes it takes now.
  const isJson = bytes[0] === BRACKET || bytes[0] === BRACE;
  if (bytes.length <= (isJson ? FIXED_JSON_BYTES : FIXED_BYTES)) return fixed.deflate(bytes);
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
