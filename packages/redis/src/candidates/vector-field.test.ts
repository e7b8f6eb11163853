import { expect, test } from "vitest";

import { halfOf, vectorBytes, vectorField } from "./vector-field.ts";

const options = { model: "m", dimensions: 3, algorithm: "hnsw", type: "float32" } as const;

/** The number that a half-precision one stands for, by IEEE 754. */
function valueOf(half: number): number {
  const exponent = (half >> 10) & 31;
  const fraction = half & 1_023;
  const size = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1_024) * 2 ** (exponent - 15);
  return half >> 15 === 0 ? size : -size;
}

test("every half-precision number is written as itself", () => {
  const finite = Array.from({ length: 0x10000 }, (_, half) => half).filter(
    (half) => ((half >> 10) & 31) !== 31,
  );
  expect(finite).toHaveLength(63_488);
  expect(finite.filter((half) => halfOf(valueOf(half)) !== half)).toEqual([]);
});

test("others become the nearest, ties the even one, and none is too large", () => {
  const wrong: number[] = [];
  for (let half = 0; half < 0x7bff; half += 1) {
    const low = valueOf(half);
    const step = valueOf(half + 1) - low;
    const right =
      halfOf(low + step * 0.49) === half &&
      halfOf(low + step * 0.51) === half + 1 &&
      halfOf(low + step * 0.5) === half + (half % 2) &&
      halfOf(-(low + step * 0.51)) === ((half + 1) | 0x8000);
    if (!right) wrong.push(half);
  }
  expect(wrong).toEqual([]);
  expect([1e9, Number.POSITIVE_INFINITY, 65_504].map(halfOf)).toEqual([0x7bff, 0x7bff, 0x7bff]);
  expect(halfOf(-1e9)).toBe(0xfbff);
});

test("vectors of two models, lengths or precisions never meet in a field", () => {
  const others = [
    { ...options, model: "n" },
    { ...options, dimensions: 4 },
    { ...options, type: "float16" as const },
  ];
  const fields = [options, ...others].map((each) => vectorField(each).field);
  expect(new Set(fields).size).toBe(4);
  const flat = vectorField({ ...options, algorithm: "flat" });
  expect(flat.field).toBe(fields[0]);
  expect(flat.suffix).not.toBe(vectorField(options).suffix);
});

test("what the index can't take is refused, or left to the scan", () => {
  const field = vectorField(options);
  const vector = new Float32Array([1, 2, 3]);
  expect(vectorBytes(field, vector, "m")).toEqual(Buffer.from(vector.buffer));
  expect(vectorBytes(field, vector, "other")).toBeUndefined();
  expect(vectorBytes(field, new Float32Array(3), "m")).toBeUndefined();
  expect(() => vectorBytes(field, new Float32Array(2), "m")).toThrow(
    expect.objectContaining({
      code: "MEMCUBE_INVALID_INPUT",
      details: { model: "m", expected: 3, actual: 2 },
    }),
  );
});
