import { MemCubeError } from "@memcube/core";

import type { ArgumentWriter } from "./argument-writer.ts";

// Names of chunks as scripts/modules/thread.lua has them: a hash of 128 bits as its bytes, another name as
// text after a dot, with a second dot where it would be 16 bytes long.

const HASH_CHARS = 32;
const HASH_BYTES = HASH_CHARS / 2;
const HEX = /^[\da-f]*$/u;
const DOT = ".";

/** A name's length is one byte. */
const NAME_BYTES = 255;

export function unpackName(name: Buffer): string {
  if (name.length === HASH_BYTES) return name.toString("hex");
  const text = name.toString("utf8", 1);
  return text.endsWith(DOT) ? text.slice(0, -1) : text;
}

/** Adds names, each with its length before it. @throws MemCubeError `MEMCUBE_INVALID_INPUT` for a name that is too long */
export function addNames(writer: ArgumentWriter, hashes: readonly string[]): void {
  if (hashes.length === 0) return;
  // All at once: most are hashes.
  const areAsLong = hashes.every(({ length }) => length === HASH_CHARS);
  if (areAsLong && addLowerHex(writer, `${LENGTH}${hashes.join(LENGTH)}`)) return;
  for (const hash of hashes) {
    const name = packedName(hash);
    writer.addNumber(name.length, 1);
    writer.addBytes(name);
  }
}

/** @returns false, with nothing added, where it is something else */
function addLowerHex(writer: ArgumentWriter, text: string): boolean {
  return text === text.toLowerCase() && writer.addHex(text);
}

/** Adds one name. @throws like {@link addNames} */
export function addName(writer: ArgumentWriter, hash: string): void {
  if (hash.length === HASH_CHARS && addLowerHex(writer, hash)) return;
  writer.addBytes(packedName(hash));
}

function packedName(hash: string): Buffer {
  if (hash.length === HASH_CHARS && HEX.test(hash)) return Buffer.from(hash, "hex");
  const text = hash.length + 1 === HASH_BYTES ? `${DOT}${hash}${DOT}` : `${DOT}${hash}`;
  const name = Buffer.from(text);
  if (name.length <= NAME_BYTES) return name;
  throw new MemCubeError("MEMCUBE_INVALID_INPUT", `A chunk's name is over ${NAME_BYTES} bytes.`);
}

const LENGTH = HASH_BYTES.toString(16);
const ENTRY_CHARS = LENGTH.length + HASH_CHARS;

export function unpackNames(list: Buffer): string[] {
  const names: string[] = [];
  const hex = list.toString("hex");
  for (let at = 0; at < hex.length;) {
    if (hex.startsWith(LENGTH, at)) {
      names.push(hex.slice(at + LENGTH.length, at + ENTRY_CHARS));
      at += ENTRY_CHARS;
    } else {
      const start = at / 2 + 1;
      const end = start + (list[at / 2] ?? 0);
      names.push(unpackName(list.subarray(start, end)));
      at = 2 * end;
    }
  }
  return names;
}
