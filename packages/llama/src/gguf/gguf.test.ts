import { execFileSync } from "node:child_process";
import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { fromFloat16, toFloat16 } from "./float16.ts";
import { readGguf } from "./read-gguf.ts";
import { decodeFloats, encodeFloats, readTensor } from "./tensor-values.ts";
import { type GgufWriteTensor, writeGguf } from "./write-gguf.ts";

const metadata = {
  "general.architecture": { string: "llama" },
  "a.flag": { bool: true },
  "a.count": { uint32: 4_000_000_000 },
  "a.offset": { int32: -5 },
  "a.scale": { float32: 0.5 },
  "a.names": { strings: ["é", "", "<|x|>"] },
  "a.kinds": { int32s: [1, -2, 3] },
  "a.many": { int32s: Array.from({ length: 5_000 }, (_, at) => at) },
} as const;

const first: GgufWriteTensor = {
  name: "first",
  type: "F32",
  shape: [3, 2],
  data: () => [
    encodeFloats(Float32Array.of(1, 2, 3), "F32"),
    encodeFloats(Float32Array.of(4, 5, 6), "F32"),
  ],
};
const second: GgufWriteTensor = {
  name: "second",
  type: "F16",
  shape: [4],
  data: () => [encodeFloats(Float32Array.of(0.5, -1, 65_504, 0), "F16")],
};

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "memcube-gguf-"));
  path = join(folder, "file.gguf");
  await writeGguf(path, metadata, [first, second]);
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe("a GGUF file", () => {
  it("is read as it was written", async () => {
    const header = await readGguf(path);
    expect(header.version).toBe(3);
    expect(Object.fromEntries(header.metadata)).toEqual({
      "general.architecture": "llama",
      "a.flag": true,
      "a.count": 4_000_000_000,
      "a.offset": -5,
      "a.scale": 0.5,
      "a.names": ["é", "", "<|x|>"],
      "a.kinds": [1, -2, 3],
    });
    expect(header.arrayLengths.get("a.many")).toBe(5_000);
    const kept = await readGguf(path, { keep: ["a.many"] });
    expect(kept.metadata.get("a.many")).toHaveLength(5_000);
    expect([...header.tensors.values()]).toMatchObject([
      { name: "first", type: "F32", shape: [3, 2], sizeBytes: 24 },
      { name: "second", type: "F16", shape: [4], sizeBytes: 8 },
    ]);

    const file = await open(path);
    const values: number[][] = [];
    for (const tensor of header.tensors.values())
      values.push([...(await readTensor(file, tensor))]);
    await file.close();
    expect(values).toEqual([
      [1, 2, 3, 4, 5, 6],
      [0.5, -1, 65_504, 0],
    ]);
  });

  it("may have a header longer than the first read", async () => {
    const names = Array.from({ length: 200_000 }, (_, at) => `a long token, number ${at}`);
    await writeGguf(path, { ...metadata, "b.names": { strings: names } }, [first]);
    const header = await readGguf(path);
    expect(header.arrayLengths.get("b.names")).toBe(200_000);
    expect(header.tensors.get("first")?.shape).toEqual([3, 2]);
  });

  it("is not written with less data than its shape says", async () => {
    const short = { ...first, shape: [4, 2] };
    await expect(writeGguf(path, metadata, [short])).rejects.toThrow("24 bytes, not 32");
  });

  /** Where a key's value begins: behind its name and its type. */
  const valueOf = (bytes: Buffer, key: string): number => bytes.indexOf(key) + key.length + 4;

  it.each<[string, (bytes: Buffer) => Buffer | void, string]>([
    ["an empty one", () => Buffer.alloc(0), "longer than the file"],
    ["another format", (bytes) => void bytes.write("GGML"), "no GGUF file"],
    ["version 1", (bytes) => void bytes.writeUInt32LE(1, 4), "version 1"],
    ["the other byte order", (bytes) => void bytes.writeUInt32BE(3, 4), "version 50331648"],
    ["too many tensors", (bytes) => void bytes.writeUInt32LE(1e6, 8), "1000000 tensors"],
    ["a count beyond all", (bytes) => void bytes.fill(255, 8, 16), "out of range"],
    ["too many values", (bytes) => void bytes.writeUInt32LE(1e6, 16), "1000000 metadata values"],
    [
      "a key longer than the file",
      (bytes) => void bytes.writeUInt32LE(1e6, 24),
      "longer than the file",
    ],
    ["an empty key", (bytes) => void bytes.writeUInt32LE(0, 24), "name is empty"],
    ["a key with a zero byte", (bytes) => void bytes.writeUInt8(0, 33), "name is empty or no text"],
    [
      "a key twice",
      (bytes) => void bytes.write("a.kinds", bytes.indexOf("a.names")),
      "occurs twice",
    ],
    [
      "a type there is not",
      (bytes) => void bytes.writeUInt32LE(13, valueOf(bytes, "a.flag") - 4),
      "unknown type 13",
    ],
    [
      "a truth value of 2",
      (bytes) => void bytes.writeUInt8(2, valueOf(bytes, "a.flag")),
      "truth value is 2",
    ],
    [
      "arrays of arrays",
      (bytes) => void bytes.writeUInt32LE(9, valueOf(bytes, "a.kinds")),
      "array of arrays",
    ],
    [
      "an array longer than the file",
      (bytes) => void bytes.writeUInt32LE(9e8, valueOf(bytes, "a.kinds") + 4),
      "900000000 values",
    ],
    [
      "no dimensions",
      (bytes) => void bytes.writeUInt32LE(0, bytes.indexOf("first") + 5),
      "0 dimensions",
    ],
    [
      "five dimensions",
      (bytes) => void bytes.writeUInt32LE(5, bytes.indexOf("first") + 5),
      "5 dimensions",
    ],
    [
      "an empty dimension",
      (bytes) => void bytes.writeUInt32LE(0, bytes.indexOf("first") + 9),
      "shape [0, 2]",
    ],
    [
      "a tensor type there is not",
      (bytes) => void bytes.writeUInt32LE(99, bytes.indexOf("first") + 25),
      "unknown type 99",
    ],
    [
      "rows that are no blocks",
      (bytes) => void bytes.writeUInt32LE(8, bytes.indexOf("first") + 25),
      "shape [3, 2]",
    ],
    ["a tensor twice", (bytes) => void bytes.write("first\0", bytes.indexOf("second")), "no text"],
    [
      "a tensor elsewhere",
      (bytes) => void bytes.writeUInt32LE(64, bytes.indexOf("second") + 22),
      "lies at 64, not 32",
    ],
    [
      "a larger tensor",
      (bytes) => void bytes.writeUInt32LE(1e6, bytes.indexOf("second") + 10),
      "cut short",
    ],
    ["one cut in its data", (bytes) => bytes.subarray(0, -32), "cut short"],
    ["one cut in its header", (bytes) => bytes.subarray(0, 200), "longer than the file"],
  ])("is refused when it is %s", async (_, damage, reason) => {
    const bytes = await readFile(path);
    await writeFile(path, damage(bytes) ?? bytes);
    const reading = readGguf(path, { code: "MEMCUBE_LORA_INVALID" });
    await expect(reading).rejects.toMatchObject({
      code: "MEMCUBE_LORA_INVALID",
      details: { path, reason: expect.stringContaining(reason) },
    });
  });

  it("is refused when it is not there", async () => {
    await expect(readGguf(join(folder, "none.gguf"))).rejects.toMatchObject({
      code: "MEMCUBE_MODEL_INVALID",
      details: { reason: "it can't be opened" },
    });
  });

  it("is refused when it is a folder or a pipe, which would be waited for", async () => {
    const pipe = join(folder, "pipe");
    execFileSync("/usr/bin/mkfifo", [pipe]);
    for (const place of [folder, pipe]) {
      await expect(readGguf(place)).rejects.toMatchObject({
        code: "MEMCUBE_MODEL_INVALID",
        details: { reason: "it is no file" },
      });
    }
  });
});

describe("half precision", () => {
  it("gives every half back", () => {
    const halves = Array.from({ length: 0x10000 }, (_, half) => half);
    const numbers = halves.filter((half) => !Number.isNaN(fromFloat16(half)));
    expect(numbers).toHaveLength(0x10000 - 2 * 1_023);
    expect(numbers.filter((half) => toFloat16(fromFloat16(half)) !== half)).toEqual([]);
    expect(fromFloat16(toFloat16(Number.NaN))).toBeNaN();
  });

  it.each([
    [1 + 2 ** -11, 1],
    [1 + 3 * 2 ** -11, 1 + 2 ** -9],
    [65_519, 65_504],
    [65_520, Infinity],
    [-1e9, -Infinity],
    [2 ** -25, 0],
    [1.01 * 2 ** -25, 2 ** -24],
    [-0, -0],
  ])("rounds %f to %f", (value, rounded) => {
    expect(fromFloat16(toFloat16(value))).toBe(rounded);
  });

  it("comes from bfloat16, too", () => {
    expect([...decodeFloats(Uint8Array.of(0x80, 0x3f, 0x20, 0xc1), "BF16")]).toEqual([1, -10]);
  });
});
