import { expect, test } from "vitest";

import { Breakers, CircuitBreaker } from "./circuit-breaker.ts";

test("opens after some failures in a row and lets one call a second try", () => {
  const breaker = new CircuitBreaker();
  for (let count = 0; count < 4; count += 1) breaker.failed(0);
  expect(breaker.allows(0)).toBe(true);
  breaker.failed(0);
  expect([breaker.allows(999), breaker.allows(1_000), breaker.allows(1_001)]).toEqual([
    false,
    true,
    false,
  ]);
  expect(breaker.allows(2_000)).toBe(true);
  breaker.succeeded();
  expect([breaker.allows(2_001), breaker.allows(2_001)]).toEqual([true, true]);
});

test("failures with a success between them do not add up", () => {
  const breaker = new CircuitBreaker();
  for (let count = 0; count < 20; count += 1) {
    breaker.failed(0);
    breaker.succeeded();
  }
  expect(breaker.allows(0)).toBe(true);
});

test("each master has one of its own, and a new one where another takes its place", () => {
  const [first, second, third] = [{}, {}, {}];
  const masters = new Map<string | undefined, object>([
    ["a", first],
    ["b", second],
  ]);
  const breakers = new Breakers((key) => masters.get(key));
  for (let count = 0; count < 5; count += 1) breakers.of("a").failed(0);
  expect(["a", "b", undefined].map((key) => breakers.of(key).allows(1))).toEqual([
    false,
    true,
    true,
  ]);
  masters.set("a", third);
  expect(breakers.of("a").allows(1)).toBe(true);
  masters.set("a", first);
  expect(breakers.of("a").allows(1)).toBe(false);
});
