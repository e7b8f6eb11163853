import { expect, test } from "vitest";

import { BulkGate } from "./bulk-gate.ts";

function calls(gate: BulkGate) {
  const begun: number[] = [];
  const ends = new Map<number, (error?: Error) => void>();
  const start = (name: number, writes: number): Promise<number> =>
    gate.through(writes, () => {
      begun.push(name);
      return new Promise((resolve, reject) => {
        ends.set(name, (error) => (error === undefined ? resolve(name) : reject(error)));
      });
    });
  return { begun, ends, start };
}

test("two large commits at a time, in the order they came; small ones pass", async () => {
  const { begun, ends, start } = calls(new BulkGate());
  const large = [1, 2, 3, 4].map((name) => start(name, 64));
  const small = start(5, 1);
  await Promise.resolve();
  expect(begun).toEqual([1, 2, 5]);
  ends.get(2)?.();
  expect(await large[1]).toBe(2);
  expect(begun).toEqual([1, 2, 5, 3]);
  ends.get(1)?.();
  ends.get(5)?.();
  await Promise.all([large[0], small]);
  expect(begun).toEqual([1, 2, 5, 3, 4]);
});

test("a commit that fails makes room as well", async () => {
  const { begun, ends, start } = calls(new BulkGate());
  const large = [1, 2, 3].map((name) => start(name, 64));
  ends.get(1)?.(new Error("no"));
  await expect(large[0]).rejects.toThrow("no");
  expect(begun).toEqual([1, 2, 3]);
  for (const name of [2, 3]) ends.get(name)?.();
  await Promise.all(large.slice(1));
  const more = start(4, 64);
  const another = start(5, 64);
  expect(begun).toEqual([1, 2, 3, 4, 5]);
  for (const name of [4, 5]) ends.get(name)?.();
  await Promise.all([more, another]);
});
