import type { Checkpoint, PendingWrite } from "@memcube/core";
import { z } from "zod";

import { damaged } from "../replies.ts";

/**
 * Checkpoints and writes as they are stored: the length of a JSON header (4 bytes, big-endian), the
 * header, and the value's bytes as they are.
 */
function pack(header: object, value: Uint8Array): Buffer {
  const text = Buffer.from(JSON.stringify(header));
  const packed = Buffer.allocUnsafe(4 + text.length + value.length);
  packed.writeUInt32BE(text.length);
  packed.set(text, 4);
  packed.set(value, 4 + text.length);
  return packed;
}

/** @throws MemCubeError `MEMCUBE_STORAGE_DAMAGED` */
function unpack<T>(packed: Buffer, schema: z.ZodType<T>): { header: T; value: Uint8Array } {
  const end = packed.length < 4 ? 0 : 4 + packed.readUInt32BE();
  if (end === 0 || end > packed.length) throw damaged("a cut value");
  const parsed = schema.safeParse(json(packed.toString("utf8", 4, end)));
  if (!parsed.success) throw damaged("no header", parsed.error);
  // A copy: the reply is a view of a larger buffer that would be kept alive.
  return { header: parsed.data, value: new Uint8Array(packed.subarray(end)) };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw damaged("no JSON", cause);
  }
}

const checkpointSchema = z.object({
  namespace: z.string(),
  id: z.string(),
  parentId: z.string().optional(),
  metadata: z.custom<Checkpoint["metadata"]>(
    (value) => typeof value === "object" && value !== null,
  ),
  chunks: z.array(z.string()),
});

const writeSchema = z.object({
  taskId: z.string(),
  index: z.number(),
  channel: z.string(),
  taskPath: z.string().optional(),
});

export function packCheckpoint({ value, ...header }: Checkpoint): Buffer {
  return pack(header, value);
}

/** @throws MemCubeError `MEMCUBE_STORAGE_DAMAGED` */
export function unpackCheckpoint(packed: Buffer): Checkpoint {
  const { header, value } = unpack(packed, checkpointSchema);
  return { ...header, value };
}

export function packWrite({ value, ...header }: PendingWrite): Buffer {
  return pack(header, value);
}

/** @throws MemCubeError `MEMCUBE_STORAGE_DAMAGED` */
export function unpackWrite(packed: Buffer): PendingWrite {
  const { header, value } = unpack(packed, writeSchema);
  return { ...header, value };
}
