import { expect, test } from "vitest";

import { inTime, within } from "./within.ts";

const later = async (ms: number): Promise<string> =>
  await new Promise((resolve) => setTimeout(() => resolve("done"), ms));

test("what ends in time is had; what takes longer goes on", async () => {
  expect(await within(5_000, later(1), "it")).toBe("done");
  const slow = later(60);
  await expect(within(5, slow, "it")).rejects.toMatchObject({ name: "TimeoutError" });
  expect(await inTime(5, slow)).toBeUndefined();
  expect(await slow).toBe("done");
  expect(await inTime(5_000, slow)).toBe("done");
});

test("no time is no wait, and no work no result", async () => {
  expect(await inTime(0, Promise.resolve("done"))).toBeUndefined();
  expect(await inTime(5_000, undefined)).toBeUndefined();
});

test("what fails by itself says so", async () => {
  await expect(inTime(5_000, Promise.reject(new Error("no")))).rejects.toThrow("no");
});
