import { readFile } from "node:fs/promises";
import { z } from "zod";

import { decodeFloats } from "../gguf/tensor-values.ts";
import { loraInvalid } from "./invalid.ts";

/** Far above any LoRA's list of tensors. */
const MAX_HEADER_BYTES = 16 << 20;
const TYPES = { F32: 4, F16: 2, BF16: 2 } as const;

const entrySchema = z.strictObject({
  dtype: z.enum(["F32", "F16", "BF16"]),
  shape: z.array(z.int().min(1)).length(2),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});
const headerSchema = z.record(z.string(), z.unknown());

/** A matrix of a safetensors file, `[rows, columns]` row by row. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

/**
 * Reads a file of matrices in the safetensors format; all offsets are checked.
 *
 * @throws MemCubeError `MEMCUBE_LORA_INVALID`
 */
export async function readSafetensors(path: string): Promise<ReadonlyMap<string, Matrix>> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw loraInvalid("peft-file", "its tensors can't be read", { path }, error);
  });
  if (bytes.length < 8) throw loraInvalid("peft-file", "the file ends within its header");
  const headerBytes = bytes.readBigUInt64LE(0);
  if (headerBytes > BigInt(Math.min(MAX_HEADER_BYTES, bytes.length - 8))) {
    throw loraInvalid("peft-file", "the file ends within its header");
  }
  const data = bytes.subarray(8 + Number(headerBytes));
  const matrices = new Map<string, Matrix>();
  const taken: (readonly [from: number, to: number])[] = [];
  for (const [name, raw] of Object.entries(headerOf(bytes, Number(headerBytes)))) {
    if (name === "__metadata__") continue;
    const entry = entrySchema.safeParse(raw);
    if (!entry.success) throw loraInvalid("peft-file", `tensor ${name} is no matrix of numbers`);
    const {
      dtype,
      shape,
      data_offsets: [from, to],
    } = entry.data;
    const [rows = 0, columns = 0] = shape;
    if (to > data.length || to - from !== rows * columns * TYPES[dtype]) {
      throw loraInvalid("peft-file", `the bytes of tensor ${name} do not fit its shape`);
    }
    taken.push([from, to]);
    matrices.set(name, { rows, columns, values: decodeFloats(data.subarray(from, to), dtype) });
  }
  if (!coversAll(taken, data.length)) {
    throw loraInvalid("peft-file", "some of its bytes belong to no tensor, or to two");
  }
  return matrices;
}

function coversAll(stretches: readonly (readonly [number, number])[], length: number): boolean {
  let end = 0;
  for (const [from, to] of stretches.toSorted(([a], [b]) => a - b)) {
    if (from !== end) return false;
    end = to;
  }
  return end === length;
}

function headerOf(bytes: Buffer, length: number): Readonly<Record<string, unknown>> {
  try {
    return headerSchema.parse(JSON.parse(bytes.toString("utf8", 8, 8 + length)));
  } catch (error) {
    throw loraInvalid("peft-file", "its header is no JSON object", {}, error);
  }
}
