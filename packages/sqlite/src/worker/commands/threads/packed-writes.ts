import type { PendingWrite } from "@memcube/core";

import { Refusal } from "../../refusal.ts";
import { compactHashes, fullHashes } from "./compact.ts";

/** What a row of writes holds of each: its row has task and path. */
export type TaskWrite = Pick<PendingWrite, "index" | "value" | "chunks">;

/**
 * The writes of one task in one row. Of each: index; length of its hashes, twice, plus one when they
 * are text; hashes; length of the value; value. Numbers are base 128, the lowest bits first, the index
 * in zigzag.
 */
export function packWrites(writes: readonly TaskWrite[]): Uint8Array {
  const parts = writes.flatMap(({ index, chunks, value }) => {
    const compact = compactHashes(chunks);
    const hashes = Buffer.from(compact as string);
    const isText = typeof compact === "string" ? 1 : 0;
    const zigzag = index < 0 ? -2 * index - 1 : 2 * index;
    return [
      number(zigzag),
      number(2 * hashes.length + isText),
      hashes,
      number(value.length),
      value,
    ];
  });
  return Buffer.concat(parts);
}

/** @throws Refusal `MEMCUBE_STORAGE_DAMAGED` */
export function unpackWrites(packed: Uint8Array): TaskWrite[] {
  const writes: TaskWrite[] = [];
  let at = 0;
  const readNumber = (): number => {
    let [result, factor] = [0, 1];
    for (;;) {
      const byte = packed[at++];
      if (byte === undefined) throw damaged();
      result += (byte & 127) * factor;
      if (byte < 128) return result;
      factor *= 128;
    }
  };
  const readBytes = (length: number): Uint8Array => {
    if (at + length > packed.length) throw damaged();
    return new Uint8Array(packed.subarray(at, (at += length)));
  };
  while (at < packed.length) {
    const zigzag = readNumber();
    const index = zigzag % 2 === 1 ? -(zigzag + 1) / 2 : zigzag / 2;
    const size = readNumber();
    const hashes = readBytes(Math.floor(size / 2));
    const chunks = fullHashes(size % 2 === 1 ? Buffer.from(hashes).toString() : hashes);
    writes.push({ index, chunks, value: readBytes(readNumber()) });
  }
  return writes;
}

function number(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push(128 + (rest % 128));
    rest = Math.floor(rest / 128);
  }
  return Uint8Array.from([...bytes, rest]);
}

function damaged(): Refusal {
  const why = "A row of the database is not what was written. Restore a backup.";
  return new Refusal("MEMCUBE_STORAGE_DAMAGED", why);
}
