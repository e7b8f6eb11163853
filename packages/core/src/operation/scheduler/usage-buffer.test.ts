import { expect, test } from "vitest";

import { LIMITS } from "../../limits.ts";
import type { UsageIncrement } from "../../ports/index.ts";
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

test("uses of many memories are added up, written in order of id, a slice at a time", async () => {
  const { usage } = memoryStorage();
  const calls: (readonly UsageIncrement[])[] = [];
  const buffer = new UsageBuffer({
    ...usage,
    add: async (increments) => {
      calls.push(increments);
      await usage.add(increments);
    },
  });
  const ids = Array.from({ length: LIMITS.usageSlice + 1 }, (_, at) => `${(at * 7) % 1_025}`);
  for (const at of [1, 3, 2]) buffer.add(ids.map((id) => ({ cube, id, reads: 1, uses: at, at })));
  await buffer.flush();
  expect(calls.map((call) => call.length)).toEqual([LIMITS.usageSlice, 1]);
  const written = calls.flat().map(({ id }) => id);
  expect(written).toEqual(ids.toSorted());
  for (const counters of (await usage.get(cube, ids)).values()) {
    expect(counters).toEqual({ reads: 3, injections: 0, uses: 6, lastUsedAt: 3 });
  }
});

test("a full buffer is written without waiting; a slice that fails costs no other", async () => {
  const { usage } = memoryStorage();
  let calls = 0;
  const buffer = new UsageBuffer({
    ...usage,
    add: async (increments) => {
      calls += 1;
      if (calls === 1) throw new Error("the disk is full");
      await usage.add(increments);
    },
  });
  const ids = Array.from({ length: LIMITS.usageBuffer }, (_, at) => `${at}`);
  buffer.add(ids.slice(1).map((id) => ({ cube, id, reads: 1, at: 1 })));
  buffer.add(ids.slice(1, 9).map((id) => ({ cube, id, reads: 1, at: 1 })));
  await buffer.forget(cube, ["8191"]);
  buffer.add([{ cube, id: "0", reads: 1, at: 1 }]);
  expect(calls).toBe(0);
  buffer.add([{ cube, id: "more", reads: 1, at: 1 }]);
  await expect.poll(() => calls).toBe(LIMITS.usageBuffer / LIMITS.usageSlice);
  await buffer.flush();
  expect((await usage.get(cube, ids)).size).toBe(LIMITS.usageBuffer - LIMITS.usageSlice - 1);
});
