import { createHash } from "node:crypto";

import { MemCubeError, type VectorWrite } from "@memcube/core";

import type { VectorOptions } from "../options.ts";

/** Bits of a half-precision number: its largest is 65504. */
const LARGEST_HALF = 65_504;

/** The vectors of one model in the query engine. */
export interface VectorField extends VectorOptions {
  /** Field of the search documents: another one for other vectors, so that two kinds never meet. */
  readonly field: string;
  /** What the name of an index with them ends with. */
  readonly suffix: string;
}

export function vectorField(options: VectorOptions): VectorField {
  const { model, dimensions, algorithm, type } = options;
  const field = `e_${digestOf([model, dimensions, type])}`;
  return { ...options, field, suffix: `:${digestOf([model, dimensions, type, algorithm])}` };
}

function digestOf(parts: readonly (string | number)[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 12);
}

/**
 * A vector as the index takes it; `undefined` for one of another model, and for one without a direction,
 * whose angle to any other is unknown.
 *
 * @throws MemCubeError `MEMCUBE_INVALID_INPUT` for another length: the engine would say nothing and
 * leave the document out
 */
export function vectorBytes(
  { model, dimensions, type }: VectorField,
  vector: VectorWrite["vector"],
  of: string,
): Buffer | undefined {
  if (of !== model) return undefined;
  if (vector.length !== dimensions) {
    throw new MemCubeError(
      "MEMCUBE_INVALID_INPUT",
      `A vector of ${model} has ${vector.length} dimensions; the storage was opened for ${dimensions}.`,
      { details: { model, expected: dimensions, actual: vector.length } },
    );
  }
  if (vector.every((value) => value === 0)) return undefined;
  return type === "float32" ? float32Bytes(vector) : float16Bytes(vector);
}

/** A copy: the caller may change its array before the bytes are on their way. */
export function float32Bytes({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(Buffer.from(buffer, byteOffset, byteLength));
}

function float16Bytes(vector: Float32Array): Buffer {
  const bytes = Buffer.alloc(vector.length * 2);
  for (const [place, value] of vector.entries()) bytes.writeUInt16LE(halfOf(value), place * 2);
  return bytes;
}

/** IEEE 754 binary16, the nearest one; what is too large becomes the largest. */
export function halfOf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.min(Math.abs(value), LARGEST_HALF);
  // Below 2^-14 the steps are 2^-24; above, 1024 steps for each power of two.
  if (size < 2 ** -14) return sign | nearestEven(size * 2 ** 24);
  const power = Math.floor(Math.log2(size));
  const exponent = 2 ** power > size ? power - 1 : power;
  // A fraction that is rounded up to 1024 carries over into the exponent, as the bits stand.
  return sign | (((exponent + 15) << 10) + nearestEven((size / 2 ** exponent - 1) * 1_024));
}

function nearestEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
