import { expect, test } from "vitest";

import { keySlot } from "./key-slot.ts";

test("slots are those of the specification", () => {
  expect([keySlot("123456789"), keySlot("foo"), keySlot("{user1000}.following")]).toEqual([
    12_739, 12_182, 3_443,
  ]);
  expect(keySlot("{user1000}.following")).toBe(keySlot("{user1000}.followers"));
  expect(keySlot("foo{}{bar}")).not.toBe(keySlot("bar"));
});
