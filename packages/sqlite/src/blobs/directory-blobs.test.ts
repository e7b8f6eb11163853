import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

import { directoryBlobs } from "./directory-blobs.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "memcube-blobs-"));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

const open = (sync = false) => directoryBlobs({ directory, sync });
const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

async function fileOf(hash: string): Promise<string> {
  const names = await readdir(directory, { recursive: true });
  const name = names.find((each) => each.endsWith(hash));
  if (name === undefined) throw new Error(`no file of ${hash}`);
  return join(directory, name);
}

test("bytes lie under the digest of their tenant, and nothing else is left", async () => {
  const blobs = open(true);
  const { hash, sizeBytes } = await blobs.put("../../etc", text("hello"));
  expect({ hash, sizeBytes }).toEqual({ hash: hashOf(text("hello")), sizeBytes: 5 });
  const files = await readdir(directory, { recursive: true, withFileTypes: true });
  const names = files.filter((file) => file.isFile()).map(({ name }) => name);
  expect(names).toEqual([hash]);
  expect(await fileOf(hash)).toMatch(new RegExp(`/[0-9a-f]{32}/${hash.slice(0, 2)}/${hash}$`));
});

test("what is no hash names no file", async () => {
  const blobs = open();
  const { hash } = await blobs.put("t", text("x"));
  const tenant = join(await fileOf(hash), "..", "..");
  await writeFile(join(tenant, "secret"), "secret");
  for (const wrong of [
    "../secret",
    "secret",
    "",
    ".",
    "..",
    hash.toUpperCase(),
    `${hash}/..`,
    "a/../secret",
  ]) {
    expect(await blobs.get("t", wrong)).toBeUndefined();
    expect(await blobs.has("t", wrong)).toBe(false);
    expect(await blobs.delete("t", wrong)).toBe(false);
  }
  expect(await stat(join(tenant, "secret"))).toBeDefined();
});

test("a damaged blob is told of, with its path, and mended by putting it again", async () => {
  const blobs = open();
  const { hash } = await blobs.put("t", text("right"));
  const path = await fileOf(hash);
  await writeFile(path, "wrong");
  await expect(blobs.get("t", hash)).rejects.toMatchObject({
    code: "MEMCUBE_BLOB_DAMAGED",
    details: { hash, path },
  });
  await writeFile(path, "");
  await expect(blobs.get("t", hash)).rejects.toMatchObject({ code: "MEMCUBE_BLOB_DAMAGED" });
  await blobs.put("t", text("right"));
  expect(await blobs.get("t", hash)).toEqual(text("right"));
});

test("hashes are listed in order across folders, page by page", async () => {
  const blobs = open();
  const hashes: string[] = [];
  for (let index = 0; index < 50; index += 1) {
    hashes.push((await blobs.put("t", text(`blob ${index}`))).hash);
  }
  await blobs.put("other", text("not mine"));
  const listed: string[] = [];
  for (;;) {
    const page = await blobs.list("t", { after: listed.at(-1), limit: 7 });
    listed.push(...page);
    if (page.length < 7) break;
  }
  expect(listed).toEqual(hashes.toSorted());
  expect(await blobs.list("nobody", { limit: 10 })).toEqual([]);
});

test("the event loop stays free while a large blob is put and read", async () => {
  const blobs = open();
  const large = new Uint8Array(64 * 1_048_576).fill(7);
  let longest = 0;
  let last = performance.now();
  const ticker = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  const { hash } = await blobs.put("t", large);
  const back = await blobs.get("t", hash);
  clearInterval(ticker);
  expect(back?.length).toBe(large.length);
  // In one go hashing alone would take 40 ms and more, twice; the margin is for a busy machine.
  expect(longest).toBeLessThan(250);
});

test("of bytes put at the same time one file is left", async () => {
  const blobs = open();
  const puts = await Promise.all(Array.from({ length: 8 }, () => blobs.put("t", text("same"))));
  expect(new Set(puts.map(({ hash }) => hash)).size).toBe(1);
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  expect(entries.filter((entry) => entry.isFile())).toHaveLength(1);
});
