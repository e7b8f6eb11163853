import { expect, test } from "vitest";

import { TermHash } from "./term-hash.ts";

const hash = new TermHash(new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]));

test("a hash is ten letters and digits, whatever the term is", () => {
  for (const term of [
    "kiwi",
    "",
    "東京",
    '" OR x',
    "\u0000",
    "🧿",
    "*",
    "a b",
    "x".repeat(10_000),
  ]) {
    expect(hash.of(1, term)).toMatch(/^[0-9a-v]{10}$/);
  }
});

test("the same term in the same cube and file has the same hash, and only there", () => {
  const again = new TermHash(new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7, 8]).subarray(1));
  const other = new TermHash(new Uint8Array([8, 7, 6, 5, 4, 3, 2, 1]));
  expect(again.of(1, "kiwi")).toBe(hash.of(1, "kiwi"));
  expect(other.of(1, "kiwi")).not.toBe(hash.of(1, "kiwi"));
  expect(hash.of(2, "kiwi")).not.toBe(hash.of(1, "kiwi"));
});

test("terms that look alike do not meet", () => {
  const seen = new Set<string>();
  for (let number = 0; number < 200_000; number += 1) seen.add(hash.of(1, `t${number}`));
  for (let cube = 2; cube < 50_000; cube += 1) seen.add(hash.of(cube, "t1"));
  expect(seen.size).toBe(200_000 + 49_998);
});
