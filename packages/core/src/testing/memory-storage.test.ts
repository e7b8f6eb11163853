import { expect, test } from "vitest";

import { fixedClock } from "./fixed-clock.ts";
import { memoryStorage } from "./memory-storage.ts";
import { sequentialIds } from "./sequential-ids.ts";

// What every storage must do is in @memcube/conformance; here is what only this one has.

test("two storages on the same data are two handles on one place", async () => {
  const first = memoryStorage();
  const second = memoryStorage({ from: first.data });
  const { hash } = await first.blobs.put("t", new Uint8Array([1, 2]));
  expect(await second.blobs.get("t", hash)).toEqual(new Uint8Array([1, 2]));
  await first.close();
  expect(await second.blobs.has("t", hash)).toBe(true);
});

test("a snapshot keeps what was there and nothing that came later", async () => {
  const storage = memoryStorage();
  const early = await storage.blobs.put("t", new Uint8Array([1]));
  const snapshot = storage.snapshot();
  const late = await storage.blobs.put("t", new Uint8Array([2]));
  const restored = memoryStorage({ from: snapshot });
  expect(await restored.blobs.has("t", early.hash)).toBe(true);
  expect(await restored.blobs.has("t", late.hash)).toBe(false);
});

test("no caller holds a piece of what is stored", async () => {
  const storage = memoryStorage();
  const bytes = new Uint8Array([1, 2, 3]);
  const { hash } = await storage.blobs.put("t", bytes);
  bytes[0] = 9;
  const read = await storage.blobs.get("t", hash);
  expect(read).toEqual(new Uint8Array([1, 2, 3]));
  read![0] = 9;
  expect(await storage.blobs.get("t", hash)).toEqual(new Uint8Array([1, 2, 3]));
});

test("the clock moves when it is told, ids rise and repeat for a seed", () => {
  const clock = fixedClock(1_000);
  expect([clock.now(), clock.advance(5), clock.now()]).toEqual([1_000, 1_005, 1_005]);
  const [one, same, other] = [sequentialIds("a"), sequentialIds("a"), sequentialIds("b")];
  const first = one.id();
  expect(first).toHaveLength(36);
  expect(one.id() > first).toBe(true);
  expect(same.id()).toBe(first);
  expect(other.id()).not.toBe(first);
  expect(one.salt()).toMatch(/^[0-9a-f]{32}$/);
});
