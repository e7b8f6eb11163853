import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

import { makeLoraFolder } from "./lora-folder.ts";

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "memcube-lora-folder-"))));
afterEach(async () => await rm(folder, { recursive: true, force: true }));

test("folders of processes that are gone go, those of others stay", async () => {
  const own = await makeLoraFolder(folder);
  const [, , , host] = basename(own).split("-");
  const { pid: gone } = spawnSync(process.execPath, ["-e", ""]);
  const name = (pid: number, of = host) => `memcube-loras-${pid}-${of}-abcdef`;
  const before = name(process.pid);
  const names = [
    name(gone),
    before,
    name(process.ppid),
    name(gone, "0".repeat(12)),
    `other-${gone}-${host}-abcdef`,
  ];
  for (const each of names) {
    await mkdir(join(folder, each));
    await writeFile(join(folder, each, "lora.gguf"), "x");
  }
  // Before this process began: of the one whose number it has.
  await utimes(join(folder, before), 1, 1);
  const next = await makeLoraFolder(folder);
  const left = [own, next].map((path) => basename(path));
  expect((await readdir(folder)).toSorted()).toEqual([...left, ...names.slice(2)].toSorted());
});

test("a folder that can't be made says so", async () => {
  await expect(makeLoraFolder(join(folder, "missing"))).rejects.toThrow("ENOENT");
});
