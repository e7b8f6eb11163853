import { expect, test } from "vitest";

import { memoryStorage } from "../../testing/index.ts";
import { UsageBuffer } from "./usage-buffer.ts";

const cube = { tenantId: "t", cubeId: "c" };

test("uses of a forgotten memory are dropped, also those that reads under way add", async () => {
  const { usage } = memoryStorage();
  const buffer = new UsageBuffer(usage);
  buffer.add([
    { cube, id: "gone", reads: 1, at: 1 },
    { cube, id: "kept", reads: 1, at: 1 },
  ]);
  await buffer.forget(cube, ["gone"]);
  buffer.add([{ cube, id: "gone", reads: 1, at: 2 }]);
  await buffer.flush();
  expect([...(await usage.get(cube, ["gone", "kept"])).keys()]).toEqual(["kept"]);
  buffer.welcome(cube, "gone");
  buffer.add([{ cube, id: "gone", reads: 1, at: 3 }]);
  await buffer.flush();
  expect((await usage.get(cube, ["gone"])).get("gone")?.reads).toBe(1);
});

test("a forgotten cube takes all its uses with it, and no other's", async () => {
  const { usage } = memoryStorage();
  const buffer = new UsageBuffer(usage);
  const other = { tenantId: "t", cubeId: "c2" };
  buffer.add([
    { cube, id: "a", reads: 1, at: 1 },
    { cube: other, id: "a", reads: 1, at: 1 },
  ]);
  await buffer.forget(cube);
  buffer.add([{ cube, id: "b", reads: 1, at: 1 }]);
  await buffer.flush();
  expect((await usage.get(cube, ["a", "b"])).size).toBe(0);
  expect((await usage.get(other, ["a"])).size).toBe(1);
});
