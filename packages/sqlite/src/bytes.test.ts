import { expect, test } from "vitest";

import { ownBytes, ownNumbers } from "./bytes.ts";

test("a row of a matrix is sent without the matrix", () => {
  const matrix = new Float32Array([1, 2, 3, 4, 5, 6]);
  const row = ownNumbers(matrix.subarray(2, 4));
  expect([...row]).toEqual([3, 4]);
  expect(row.buffer.byteLength).toBe(8);
  expect(ownNumbers(matrix)).toBe(matrix);
});

test("a Buffer of Node's pool is sent without the pool", () => {
  const small = ownBytes(Buffer.from("hello"));
  expect(small.buffer.byteLength).toBe(5);
  expect(new TextDecoder().decode(small)).toBe("hello");
});
