import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

import { openScratch, scratchFolders, ScratchPool } from "./scratch.ts";

let folder: string;

beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "memcube-scratch-"))));
afterEach(async () => await rm(folder, { recursive: true, force: true }));

const bytes = (text: string) => new TextEncoder().encode(text);

test.each([true, false])(
  "a file is found by its path and gone when closed (no name: %s)",
  async (hides) => {
    const file = await openScratch(folder, hides);
    const visible = process.platform === "linux" && hides ? 0 : 1;
    expect(await readdir(folder)).toHaveLength(visible);
    await file.write([bytes("abc"), bytes("def")]);
    expect((await readFile(file.path)).toString()).toBe("abcdef");
    expect((await file.read()).toString()).toBe("abcdef");
    const source = await file.source();
    expect(source.sizeBytes).toBe(6);
    expect(source.read(2, 3).toString()).toBe("cde");
    await file.close();
    expect(await readdir(folder)).toEqual([]);
  },
);

test("more pieces than one call takes are written in order", async () => {
  const file = await openScratch(folder);
  const pieces = Array.from({ length: 2_500 }, (_, at) => bytes(`${at} `));
  await file.write(pieces);
  expect((await file.read()).toString()).toBe(Buffer.concat(pieces).toString());
  await file.close();
});

test("the file used last is written over, and is as long as what was written", async () => {
  const pool = new ScratchPool([join(folder, "missing"), folder]);
  const first = await pool.write([bytes("a long content")]);
  await pool.giveBack(first!);
  const second = await pool.write([bytes("short")]);
  expect(second!.path).toBe(first!.path);
  expect((await second!.read()).toString()).toBe("short");
  const third = await pool.write([bytes("beside")]);
  expect(third!.path).not.toBe(second!.path);
  await pool.giveBack(second!);
  await pool.giveBack(third!);
  await pool.close();
  await expect(second!.read()).rejects.toThrow(/closed|EBADF/);
  await expect(third!.read()).rejects.toThrow(/closed|EBADF/);
});

test("without a folder that takes it there is no file", async () => {
  const pool = new ScratchPool([join(folder, "missing")]);
  expect(await pool.write([bytes("x")])).toBeUndefined();
  expect(await scratchFolders("/chosen")).toEqual(["/chosen"]);
  expect((await scratchFolders()).at(-1)).toBe(tmpdir());
});
