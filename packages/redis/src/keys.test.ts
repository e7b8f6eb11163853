import { expect, test } from "vitest";

import { keySlot } from "./connection/key-slot.ts";
import { escapeName, keysOf } from "./keys.ts";

const keys = keysOf("mc");

test("tenants, cubes and threads can't spell each other's keys", () => {
  const names = [
    "a",
    "a:b",
    "b",
    "a}",
    "{a}",
    "%",
    "a%",
    "%3a%",
    "a b",
    "é",
    "e\u0301",
    "\ud800",
    "",
  ];
  const seen = new Set<string>();
  for (const tenantId of names)
    for (const cubeId of names) seen.add(keys.cube({ tenantId, cubeId }, "meta"));
  expect(seen.size).toBe(names.length ** 2);
  for (const name of names) expect(escapeName(name)).toMatch(/^[\w.@%-]*$/u);
});

test("a cube lies in one slot, its search documents too", () => {
  const ref = { tenantId: "t}{", cubeId: "c{}" };
  const slots = [keys.cube(ref, "meta"), keys.cube(ref, "m:{x}"), keys.cubeFeed(ref)];
  slots.push(keys.cubeDocument(ref, "{y}"), keys.cubeUsage(ref));
  expect(new Set(slots.map(keySlot)).size).toBe(1);
});
