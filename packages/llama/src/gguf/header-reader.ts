import { VALUE_TYPES, type ValueType } from "./gguf-types.ts";

/** The bytes end before what is read: more of the file is needed, if there is more. */
export class Incomplete extends Error {}

/** The file is not what it should be; the message says how, without the file's name. */
export class Malformed extends Error {}

type Single = string | number | bigint | boolean;

const TYPE_BY_ID = new Map<number, ValueType>(
  Object.entries(VALUE_TYPES).map(([name, id]) => [id, name as ValueType]),
);

/** Reads the little-endian values of a GGUF header one after the other. */
export class HeaderReader {
  readonly #bytes: Buffer;
  readonly #fileBytes: number;
  #position = 0;

  constructor(bytes: Uint8Array, fileBytes: number) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#fileBytes = fileBytes;
  }

  get position(): number {
    return this.#position;
  }

  bytes(length: number): Buffer {
    const start = this.#position;
    const end = start + length;
    if (end > this.#fileBytes)
      throw new Malformed("a length in its header is longer than the file");
    if (end > this.#bytes.length) throw new Incomplete();
    this.#position = end;
    return this.#bytes.subarray(start, end);
  }

  uint32(): number {
    return this.bytes(4).readUInt32LE();
  }

  /** A 64-bit number that counts or measures something in the file. */
  uint64(): number {
    const value = this.bytes(8).readBigUInt64LE();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new Malformed(`${value} is out of range`);
    return Number(value);
  }

  /** How many of something follow, each of at least a byte. */
  count(what: string): number {
    const count = this.uint64();
    if (count > this.#fileBytes) throw new Malformed(`it claims to have ${count} ${what}`);
    return count;
  }

  string(): string {
    return this.bytes(this.uint64()).toString("utf8");
  }

  /** A key or a tensor's name. llama.cpp reads them to the first zero byte. */
  name(): string {
    const name = this.string();
    if (name === "" || name.includes("\0")) throw new Malformed("a name is empty or no text");
    return name;
  }

  valueType(): ValueType {
    const id = this.uint32();
    const type = TYPE_BY_ID.get(id);
    if (type === undefined) throw new Malformed(`a metadata value has the unknown type ${id}`);
    return type;
  }

  value(type: Exclude<ValueType, "array">): Single {
    return READ[type](this);
  }

  /** @param keep whether the values are wanted, by their number; else they are read over */
  array(keep: (length: number) => boolean): {
    readonly length: number;
    readonly values: readonly Single[] | undefined;
  } {
    const type = this.valueType();
    if (type === "array") throw new Malformed("a metadata value is an array of arrays");
    const length = this.count("values in an array");
    const values: Single[] = [];
    const kept = keep(length);
    if (!kept && type !== "string") {
      this.bytes(length * FIXED_BYTES[type]);
      return { length, values: undefined };
    }
    for (let index = 0; index < length; index++) {
      if (kept) values.push(this.value(type));
      else this.bytes(this.uint64());
    }
    return { length, values: kept ? values : undefined };
  }
}

const FIXED_BYTES: Readonly<Record<Exclude<ValueType, "array" | "string">, number>> = {
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  uint32: 4,
  int32: 4,
  float32: 4,
  bool: 1,
  uint64: 8,
  int64: 8,
  float64: 8,
};

const READ: Readonly<Record<Exclude<ValueType, "array">, (reader: HeaderReader) => Single>> = {
  uint8: (reader) => reader.bytes(1).readUInt8(),
  int8: (reader) => reader.bytes(1).readInt8(),
  uint16: (reader) => reader.bytes(2).readUInt16LE(),
  int16: (reader) => reader.bytes(2).readInt16LE(),
  uint32: (reader) => reader.uint32(),
  int32: (reader) => reader.bytes(4).readInt32LE(),
  float32: (reader) => reader.bytes(4).readFloatLE(),
  bool: (reader) => readBool(reader),
  string: (reader) => reader.string(),
  uint64: (reader) => reader.bytes(8).readBigUInt64LE(),
  int64: (reader) => reader.bytes(8).readBigInt64LE(),
  float64: (reader) => reader.bytes(8).readDoubleLE(),
};

function readBool(reader: HeaderReader): boolean {
  const byte = reader.bytes(1).readUInt8();
  if (byte > 1) throw new Malformed(`a truth value is ${byte}`);
  return byte === 1;
}
