import { open } from "node:fs/promises";

import {
  alignUp,
  ALIGNMENT,
  TENSOR_TYPES,
  type TensorType,
  tensorBytes,
  VALUE_TYPES,
} from "./gguf-types.ts";

/** A metadata value with its type in the file: the reader of a key expects a certain one. */
export type GgufWriteValue =
  | { readonly string: string }
  | { readonly bool: boolean }
  | { readonly uint32: number }
  | { readonly int32: number }
  | { readonly float32: number }
  | { readonly strings: readonly string[] }
  | { readonly int32s: readonly number[] };

export interface GgufWriteTensor {
  readonly name: string;
  readonly type: TensorType;
  /** `shape[0]` is the row. */
  readonly shape: readonly number[];
  /** The bytes, in pieces; asked for when it is the tensor's turn, so a large model never lies in RAM. */
  data(): Iterable<Uint8Array>;
}

/**
 * Writes a GGUF file of version 3, tensors in the order given. Not atomic: write beside and rename.
 *
 * @returns the file's size
 * @throws RangeError when a tensor's data has another length than its shape
 */
export async function writeGguf(
  path: string,
  metadata: Readonly<Record<string, GgufWriteValue>>,
  tensors: readonly GgufWriteTensor[],
): Promise<number> {
  const header = encodeHeader(metadata, tensors);
  const file = await open(path, "w");
  try {
    // `writeFile` goes on where it was, and raises what a full disk makes of it; `write` may write less.
    await file.writeFile(header);
    await file.writeFile(Buffer.alloc(alignUp(header.length, ALIGNMENT) - header.length));
    for (const tensor of tensors) {
      let length = 0;
      for (const piece of tensor.data()) {
        length += piece.length;
        await file.writeFile(piece);
      }
      const expected = tensorBytes(tensor.type, tensor.shape);
      if (length !== expected) {
        throw new RangeError(`tensor ${tensor.name} has ${length} bytes, not ${expected}`);
      }
      await file.writeFile(Buffer.alloc(alignUp(length, ALIGNMENT) - length));
    }
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

function encodeHeader(
  metadata: Readonly<Record<string, GgufWriteValue>>,
  tensors: readonly GgufWriteTensor[],
): Buffer {
  const entries = Object.entries(metadata);
  const parts = [Buffer.from("GGUF"), uint32(3), uint64(tensors.length), uint64(entries.length)];
  for (const [key, value] of entries) parts.push(string(key), encodeValue(value));
  let offset = 0;
  for (const { name, type, shape } of tensors) {
    parts.push(string(name), uint32(shape.length), ...shape.map((length) => uint64(length)));
    parts.push(uint32(TENSOR_TYPES[type].id), uint64(offset));
    offset += alignUp(tensorBytes(type, shape), ALIGNMENT);
  }
  return Buffer.concat(parts);
}

function encodeValue(value: GgufWriteValue): Buffer {
  if ("string" in value) return typed("string", string(value.string));
  if ("bool" in value) return typed("bool", Buffer.from([value.bool ? 1 : 0]));
  if ("uint32" in value) return typed("uint32", uint32(value.uint32));
  if ("int32" in value) return typed("int32", int32(value.int32));
  if ("float32" in value) return typed("float32", float32(value.float32));
  if ("strings" in value) return array("string", value.strings.map(string));
  return array("int32", value.int32s.map(int32));
}

function typed(type: keyof typeof VALUE_TYPES, bytes: Buffer): Buffer {
  return Buffer.concat([uint32(VALUE_TYPES[type]), bytes]);
}

function array(type: keyof typeof VALUE_TYPES, values: readonly Buffer[]): Buffer {
  const header = [uint32(VALUE_TYPES[type]), uint64(values.length)];
  return typed("array", Buffer.concat([...header, ...values]));
}

function string(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([uint64(bytes.length), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function float32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
