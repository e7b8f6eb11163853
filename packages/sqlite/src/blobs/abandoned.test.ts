import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

import { removeAbandoned } from "./abandoned.ts";

test("files that nobody writes any more are removed, the others stay", async () => {
  const directory = await mkdtemp(join(tmpdir(), "memcube-abandoned-"));
  const now = 1_700_000_000_000;
  for (const [name, age] of [
    ["old", 25],
    ["new", 1],
  ] as const) {
    await writeFile(join(directory, name), "half");
    const writtenAt = new Date(now - age * 3_600_000);
    await utimes(join(directory, name), writtenAt, writtenAt);
  }
  expect(await removeAbandoned(directory, now)).toBe(1);
  expect(await readdir(directory)).toEqual(["new"]);
  expect(await removeAbandoned(join(directory, "nowhere"), now)).toBe(0);
  await rm(directory, { recursive: true, force: true });
});
