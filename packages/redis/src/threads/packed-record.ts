import type { ThreadRecord } from "@memcube/core";

import { damaged } from "../replies.ts";

const DOUBLE_BYTES = 8;

/** Where `paged` lies. */
const PAGED_AT = 6 * DOUBLE_BYTES;

/** A thread's record as scripts/modules/thread-record.lua writes it. */
export interface PackedRecord extends Omit<ThreadRecord, "threadId" | "owner"> {
  /** 0, 1 or 2, as that says. */
  readonly paged: number;
}

/** @throws MemCubeError `MEMCUBE_STORAGE_DAMAGED` */
export function unpackRecord(record: Buffer): PackedRecord {
  if (record.length <= PAGED_AT) throw damaged("no thread");
  const double = (index: number): number => record.readDoubleLE(index * DOUBLE_BYTES);
  const [createdAt, updatedAt, expiresAt] = [double(0), double(1), double(2)];
  const thread = { createdAt, updatedAt, checkpoints: double(3), paged: record[PAGED_AT] ?? 0 };
  return expiresAt === Infinity ? thread : { ...thread, expiresAt };
}
