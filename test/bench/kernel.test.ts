import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { buildKernel, hashKernelSource, KERNEL_FILE } from "../../scripts/build-kernel.ts";

const generated = readFileSync(KERNEL_FILE, "utf8");
const stale = "stale: run `pnpm exec node scripts/build-kernel.ts`";

test("the generated kernel was made from the sources as they are", () => {
  expect(generated, stale).toContain(`KERNEL_SOURCE_HASH = "${hashKernelSource()}"`);
});

test("the sources compile to the generated kernel", async () => {
  expect(await buildKernel(), stale).toBe(generated);
});
