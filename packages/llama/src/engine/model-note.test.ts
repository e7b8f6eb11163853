import { mkdtemp, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { hashFile } from "./hash-file.ts";
import { readNote, writeNote } from "./model-note.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "memcube-note-"));
  path = join(folder, "model.gguf");
  await writeFile(path, "a model");
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe("what is noted of a model file", () => {
  const note = { sha256: "a".repeat(64), tried: ["build 1"] };

  it("is found again as long as the file is the same", async () => {
    expect(await readNote(path)).toBeUndefined();
    await writeNote(path, note);
    expect(await readNote(path)).toEqual(note);
    await writeFile(path, "another");
    expect(await readNote(path)).toBeUndefined();
  });

  it("does not believe a file whose time was set back", async () => {
    const then = new Date(1e12);
    await utimes(path, then, then);
    await writeNote(path, note);
    await writeFile(path, "a MODEL");
    await utimes(path, then, then);
    expect(await readNote(path)).toBeUndefined();
  });

  it("is nothing when it is damaged or can't be written", async () => {
    await writeFile(`${path}.memcube.json`, "{");
    expect(await readNote(path)).toBeUndefined();
    await writeNote(path, note);
    const text = await readFile(`${path}.memcube.json`, "utf8");
    await writeFile(`${path}.memcube.json`, text.replace("tried", "tired"));
    expect(await readNote(path)).toBeUndefined();
    await rm(`${path}.memcube.json`);
    await expect(writeNote(join(folder, "none", "model.gguf"), note)).rejects.toThrow("ENOENT");
  });

  it("comes from the whole file, with its progress", async () => {
    const bytes = Buffer.alloc(9_000_000, 7);
    await writeFile(path, bytes);
    const steps: number[] = [];
    const hash = await hashFile(path, undefined, (done) => steps.push(done));
    const { createHash } = await import("node:crypto");
    expect(hash).toBe(createHash("sha256").update(bytes).digest("hex"));
    expect(steps.length).toBeGreaterThan(1);
    expect(steps.at(-1)).toBe(1);
    await expect(hashFile(path, AbortSignal.abort(new Error("no")))).rejects.toThrow(/abort/i);
  });
});
