import type { Checkpoint, PendingWrite, ThreadChunk, Threads } from "@memcube/core";

import { Refusal } from "../../refusal.ts";

/** A step of the threads port, whose thread is named beside it. */
export type PutStep = Parameters<Threads["put"]>[1];
export type WritesStep = Parameters<Threads["putWrites"]>[1];
export type LoggedStep = PutStep | WritesStep;

/** Everything but bytes, of which the length; these follow in the order in which they are named. */
interface Head {
  readonly now: number;
  readonly packable: boolean;
  readonly chunks: readonly (readonly [hash: string, needs: readonly string[], length: number])[];
  readonly checkpoint?: Omit<Checkpoint, "value"> & { readonly value: number };
  readonly namespace?: string;
  readonly checkpointId?: string;
  readonly writes?: readonly (Omit<PendingWrite, "value"> & { readonly value: number })[];
}

/** Hashes that a step itself names. */
export function namedBy(step: LoggedStep): readonly string[] {
  if ("checkpoint" in step) return step.checkpoint.chunks;
  return step.writes.flatMap(({ chunks }) => chunks);
}

const LENGTH_BYTES = 4;

/** A step in one piece: length of its head, head as JSON, bytes. */
export function encodeStep(step: LoggedStep): Buffer {
  const bytes: Uint8Array[] = [];
  const lengthOf = (part: Uint8Array): number => {
    bytes.push(part);
    return part.length;
  };
  const { now, packable = false } = step;
  const chunks = step.chunks.map(
    (chunk) => [chunk.hash, chunk.needs, lengthOf(chunk.bytes)] as const,
  );
  const common = { now, packable, chunks };
  const head: Head =
    "checkpoint" in step
      ? { ...common, checkpoint: { ...step.checkpoint, value: lengthOf(step.checkpoint.value) } }
      : {
          ...common,
          namespace: step.namespace,
          checkpointId: step.checkpointId,
          writes: step.writes.map((write) => ({ ...write, value: lengthOf(write.value) })),
        };
  const text = Buffer.from(JSON.stringify(head));
  const length = Buffer.allocUnsafe(LENGTH_BYTES);
  length.writeUInt32LE(text.length);
  return Buffer.concat([length, text, ...bytes]);
}

/** @throws Refusal `MEMCUBE_STORAGE_DAMAGED` */
export function decodeStep(encoded: Uint8Array): LoggedStep {
  try {
    return readStep(encoded);
  } catch {
    const why = "A row of the database is not what was written. Restore a backup.";
    throw new Refusal("MEMCUBE_STORAGE_DAMAGED", why);
  }
}

function readStep(encoded: Uint8Array): LoggedStep {
  const buffer = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.length);
  let at = LENGTH_BYTES;
  const take = (length: number): Uint8Array => {
    const end = at + length;
    if (!(end <= buffer.length)) throw new RangeError("bytes are missing");
    const part = new Uint8Array(buffer.subarray(at, end));
    at = end;
    return part;
  };
  const head = JSON.parse(Buffer.from(take(buffer.readUInt32LE())).toString()) as Head;
  const { now, packable } = head;
  const chunks = head.chunks.map(([hash, needs, length]): ThreadChunk => ({
    hash,
    needs,
    bytes: take(length),
  }));
  const common = { now, packable, chunks };
  if (head.checkpoint !== undefined) {
    const { value, ...checkpoint } = head.checkpoint;
    return { ...common, checkpoint: { ...checkpoint, value: take(value) } };
  }
  const { namespace = "", checkpointId = "", writes = [] } = head;
  return {
    ...common,
    namespace,
    checkpointId,
    writes: writes.map(({ value, ...write }) => ({ ...write, value: take(value) })),
  };
}
