import type { FileHandle } from "node:fs/promises";

import { fromFloat16, toFloat16 } from "./float16.ts";
import type { GgufTensor } from "./read-gguf.ts";

/** Types whose values are read and written here. */
export type FloatType = "F32" | "F16" | "BF16";

/** Little-endian bytes of values. */
export function encodeFloats(values: Float32Array, type: "F32" | "F16"): Uint8Array {
  const bytes = Buffer.alloc(values.length * (type === "F32" ? 4 : 2));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const [index, value] of values.entries()) {
    if (type === "F32") view.setFloat32(index * 4, value, true);
    else view.setUint16(index * 2, toFloat16(value), true);
  }
  return bytes;
}

/** Values of little-endian bytes. */
export function decodeFloats(bytes: Uint8Array, type: FloatType): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float32Array(bytes.byteLength / (type === "F32" ? 4 : 2));
  for (let index = 0; index < values.length; index++) {
    values[index] = DECODE[type](view, index);
  }
  return values;
}

const widened = new DataView(new ArrayBuffer(4));

const DECODE: Readonly<Record<FloatType, (view: DataView, index: number) => number>> = {
  F32: (view, index) => view.getFloat32(index * 4, true),
  F16: (view, index) => fromFloat16(view.getUint16(index * 2, true)),
  BF16: (view, index) => {
    widened.setUint32(0, view.getUint16(index * 2, true) << 16);
    return widened.getFloat32(0);
  },
};

/** Reads a tensor of an open GGUF file. @throws TypeError for a quantised tensor */
export async function readTensor(file: FileHandle, tensor: GgufTensor): Promise<Float32Array> {
  const { type, sizeBytes, offset, name } = tensor;
  if (type !== "F32" && type !== "F16" && type !== "BF16") {
    throw new TypeError(`tensor ${name} is quantised (${type})`);
  }
  const bytes = Buffer.alloc(sizeBytes);
  await file.read(bytes, 0, sizeBytes, offset);
  return decodeFloats(bytes, type);
}
