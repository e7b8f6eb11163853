import { expect, test } from "vitest";

import { packWrites, unpackWrites } from "./packed-writes.ts";

const hash = "00112233445566778899aabbccddeeff";

test("writes come back as they were packed", () => {
  const value = (length: number) => new Uint8Array(length).map((_, at) => at % 251);
  const writes = [
    { index: 0, value: value(0), chunks: [] },
    { index: -4, value: value(300), chunks: [hash, hash] },
    { index: 1_000_000, value: value(20_000), chunks: ["other", hash] },
    { index: -1_000_000, value: value(127), chunks: [hash] },
  ];
  expect(unpackWrites(packWrites(writes))).toEqual(writes);
  expect(unpackWrites(packWrites([]))).toEqual([]);
});

test("cut bytes are damaged", () => {
  const packed = packWrites([{ index: 1, value: new Uint8Array(10), chunks: [hash] }]);
  for (const end of [1, 2, 10, packed.length - 1]) {
    expect(() => unpackWrites(packed.slice(0, end))).toThrow(/not what was written/u);
  }
});
