import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { buildKernel, hashKernelSource } from "../../../../../../../scripts/build-kernel.ts";
import { KERNEL_SOURCE_HASH } from "./kernel.generated.ts";

const stale = "stale: run `pnpm exec node scripts/build-kernel.ts`";

test("the generated kernel was made from the sources as they are", () => {
  expect(KERNEL_SOURCE_HASH, stale).toBe(hashKernelSource());
});

test("the sources compile to the generated kernel", async () => {
  const file = new URL("kernel.generated.ts", import.meta.url);
  expect(await buildKernel(), stale).toBe(readFileSync(file, "utf8"));
});
