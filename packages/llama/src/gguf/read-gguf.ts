import { open, stat } from "node:fs/promises";
import { MemCubeError } from "@memcube/core";

import {
  alignUp,
  ALIGNMENT,
  TENSOR_TYPES,
  type TensorType,
  tensorBytes,
  type ValueType,
} from "./gguf-types.ts";
import { HeaderReader, Incomplete, Malformed } from "./header-reader.ts";

/** A single value, or an array of them. */
export type GgufValue =
  | string
  | number
  | bigint
  | boolean
  | readonly (string | number | bigint | boolean)[];

export interface GgufTensor {
  readonly name: string;
  readonly type: TensorType;
  /** `shape[0]` is the row. */
  readonly shape: readonly number[];
  /** From the start of the file. */
  readonly offset: number;
  readonly sizeBytes: number;
}

/** What a GGUF file says about itself. */
export interface GgufHeader {
  readonly version: number;
  /** Without arrays longer than 4,096 values, unless they were asked for. */
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** Types of the metadata's values in the file: llama.cpp ends its process over one it does not expect. */
  readonly types: ReadonlyMap<string, ValueType>;
  /** Lengths of all arrays of the metadata, also of those left out of it. */
  readonly arrayLengths: ReadonlyMap<string, number>;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
  readonly sizeBytes: number;
}

export interface ReadGgufOptions {
  /** Raised when the file is not what it should be. @default "MEMCUBE_MODEL_INVALID" */
  readonly code?: "MEMCUBE_MODEL_INVALID" | "MEMCUBE_LORA_INVALID";
  /** Keys whose arrays are kept however long they are. @default none */
  readonly keep?: readonly string[];
}

/** A header is read in steps of growing size: most are small, those with a vocabulary some megabytes. */
const FIRST_READ_BYTES = 1_048_576;
/** Far above the largest vocabulary there is. */
const MAX_HEADER_BYTES = 256 * 1_048_576;
/** A vocabulary has 150,000 tokens that nobody asks for. */
const KEPT_VALUES = 4_096;

/**
 * Reads and checks the header of a GGUF file: every count, length, type, shape and offset, and that the
 * file holds all the tensors it names. What passes here llama.cpp can read without running out of the
 * file.
 *
 * @throws MemCubeError `options.code` with `details.reason`, also when there is no such file
 */
export async function readGguf(path: string, options: ReadGgufOptions = {}): Promise<GgufHeader> {
  const { code = "MEMCUBE_MODEL_INVALID", keep = [] } = options;
  const refuse = (reason: string, cause?: unknown): MemCubeError =>
    new MemCubeError(code, `${path} can't be used: ${reason}`, {
      details: { path, reason },
      cause,
    });
  // A pipe would be waited for, and a folder can be opened.
  const found = await stat(path).catch((error: unknown) => {
    throw refuse("it can't be opened", error);
  });
  if (!found.isFile()) throw refuse("it is no file");
  const file = await open(path, "r").catch((error: unknown) => {
    throw refuse("it can't be opened", error);
  });
  try {
    const { size } = await file.stat();
    for (let length = FIRST_READ_BYTES; ; length *= 4) {
      const bytes = Buffer.alloc(Math.min(length, size));
      const { bytesRead } = await file.read(bytes, 0, bytes.length, 0).catch((error: unknown) => {
        throw refuse("it can't be read", error);
      });
      try {
        return parseGguf(bytes.subarray(0, bytesRead), size, keep);
      } catch (error) {
        if (error instanceof Malformed) throw refuse(error.message);
        if (!(error instanceof Incomplete)) throw error;
        if (length >= size) throw refuse("it ends within its header");
        if (length > MAX_HEADER_BYTES) throw refuse("its header has no end");
      }
    }
  } finally {
    await file.close();
  }
}

/**
 * @param bytes the beginning of the file
 * @param fileBytes length of the whole file
 * @throws Incomplete when the header goes on after `bytes`; Malformed
 */
function parseGguf(bytes: Uint8Array, fileBytes: number, keep: readonly string[]): GgufHeader {
  const reader = new HeaderReader(bytes, fileBytes);
  const { version, tensorCount, valueCount } = readPreamble(reader);
  const { metadata, arrayLengths, types } = readMetadata(reader, valueCount, keep);
  const alignment = metadata.get("general.alignment") ?? ALIGNMENT;
  const alignmentType = types.get("general.alignment") ?? "uint32";
  if (alignmentType !== "uint32") throw new Malformed(`its alignment is a ${alignmentType}`);
  const isPowerOfTwo =
    typeof alignment === "number" && alignment > 0 && (alignment & (alignment - 1)) === 0;
  if (!isPowerOfTwo) throw new Malformed(`alignment ${String(alignment)} is no power of 2`);
  const placed = readTensors(reader, tensorCount);
  const dataStart = alignUp(reader.position, alignment);
  return {
    version,
    metadata,
    types,
    arrayLengths,
    tensors: placeTensors(placed, { dataStart, alignment, fileBytes }),
    sizeBytes: fileBytes,
  };
}

function readPreamble(reader: HeaderReader) {
  if (reader.bytes(4).toString("latin1") !== "GGUF") throw new Malformed("it is no GGUF file");
  const version = reader.uint32();
  if (version !== 2 && version !== 3) {
    throw new Malformed(`GGUF version ${version}; known are 2 and 3 (little-endian)`);
  }
  const tensorCount = reader.count("tensors");
  const valueCount = reader.count("metadata values");
  return { version, tensorCount, valueCount };
}

function readMetadata(reader: HeaderReader, count: number, keep: readonly string[]) {
  const metadata = new Map<string, GgufValue>();
  const arrayLengths = new Map<string, number>();
  const types = new Map<string, ValueType>();
  for (let index = 0; index < count; index++) {
    const key = reader.name();
    if (metadata.has(key) || arrayLengths.has(key)) throw new Malformed(`key ${key} occurs twice`);
    const type = reader.valueType();
    types.set(key, type);
    if (type !== "array") {
      metadata.set(key, reader.value(type));
      continue;
    }
    const { values, length } = reader.array((one) => one <= KEPT_VALUES || keep.includes(key));
    arrayLengths.set(key, length);
    if (values !== undefined) metadata.set(key, values);
  }
  return { metadata, arrayLengths, types };
}

interface ReadTensor {
  readonly name: string;
  readonly type: TensorType;
  readonly shape: readonly number[];
  readonly offset: number;
}

/** llama.cpp's `GGML_MAX_NAME` and `GGML_MAX_DIMS`. */
const MAX_NAME_BYTES = 64;
const MAX_DIMENSIONS = 4;

const TYPE_BY_ID = new Map<number, TensorType>(
  Object.entries(TENSOR_TYPES).map(([name, { id }]) => [id, name as TensorType]),
);

function readTensors(reader: HeaderReader, count: number): readonly ReadTensor[] {
  const names = new Set<string>();
  const tensors: ReadTensor[] = [];
  for (let index = 0; index < count; index++) {
    const name = reader.name();
    if (names.has(name)) throw new Malformed(`tensor ${name} occurs twice`);
    if (Buffer.byteLength(name) >= MAX_NAME_BYTES)
      throw new Malformed("a tensor's name is too long");
    names.add(name);
    const dimensions = reader.uint32();
    if (dimensions < 1 || dimensions > MAX_DIMENSIONS) {
      throw new Malformed(`tensor ${name} has ${dimensions} dimensions`);
    }
    const shape = Array.from({ length: dimensions }, () => reader.uint64());
    const typeId = reader.uint32();
    const type = TYPE_BY_ID.get(typeId);
    if (type === undefined) throw new Malformed(`tensor ${name} has the unknown type ${typeId}`);
    checkShape(name, type, shape);
    tensors.push({ name, type, shape, offset: reader.uint64() });
  }
  return tensors;
}

function checkShape(name: string, type: TensorType, shape: readonly number[]): void {
  const whole = shape.reduce((product, length) => product * length, 1);
  const { blockValues } = TENSOR_TYPES[type];
  const [row = 0] = shape;
  if (
    shape.some((length) => length < 1) ||
    whole > Number.MAX_SAFE_INTEGER ||
    row % blockValues !== 0
  ) {
    throw new Malformed(`tensor ${name} has the shape [${shape.join(", ")}]`);
  }
}

/** Tensors lie one after the other in the order of their names' list; llama.cpp asks for the same. */
function placeTensors(
  tensors: readonly ReadTensor[],
  place: { readonly dataStart: number; readonly alignment: number; readonly fileBytes: number },
): ReadonlyMap<string, GgufTensor> {
  const { dataStart, alignment, fileBytes } = place;
  const placed = new Map<string, GgufTensor>();
  let expected = 0;
  for (const { name, type, shape, offset } of tensors) {
    if (offset !== expected)
      throw new Malformed(`tensor ${name} lies at ${offset}, not ${expected}`);
    const sizeBytes = tensorBytes(type, shape);
    const start = dataStart + offset;
    if (start + sizeBytes > fileBytes) throw new Malformed("the file is cut short");
    placed.set(name, { name, type, shape, offset: start, sizeBytes });
    expected = offset + alignUp(sizeBytes, alignment);
  }
  return placed;
}
