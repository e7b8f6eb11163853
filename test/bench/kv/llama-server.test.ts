import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Measurement } from "../report.ts";
import { LlamaServer } from "./llama-server.ts";
import { benchServerSlots } from "./server-slots.ts";

const SCRIPT = pathToFileURL(join(import.meta.dirname, "documented-server-child.ts")).href;
const OPTIONS = { model: "model.gguf", contextSize: 512 };

let folder: string;
let binary: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "memcube-documented-"));
  binary = join(folder, "llama-server.mjs");
  const lines = [`#!${process.execPath}`, `await import(${JSON.stringify(SCRIPT)});`, ""];
  await writeFile(binary, lines.join("\n"), { mode: 0o700 });
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

async function slotFolders(): Promise<readonly string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith("memcube-llama-server-"));
}

test("a prompt is completed, and its slot saved, erased and restored", async () => {
  const before = await slotFolders();
  const server = await LlamaServer.start(binary, OPTIONS);
  try {
    const prompt = [5, 6, 7, 8];
    const cold = { tokens: [8], computed: 4, cached: 0 };
    expect(await server.complete(prompt)).toEqual(cold);
    expect(await server.complete([5, 6, 9])).toEqual({ tokens: [9], computed: 1, cached: 2 });
    expect(await server.save("prefix.bin")).toBe(3);
    await server.erase();
    expect(await server.complete(prompt)).toEqual(cold);
    expect(await server.restore("prefix.bin")).toBe(3);
    expect(await server.complete(prompt)).toEqual({ tokens: [8], computed: 2, cached: 2 });
    expect(await server.cpuMs()).toBeGreaterThan(0);
    await expect(server.restore("none.bin")).rejects.toThrow(
      /slots\/0\?action=restore: 400 .*Unable to restore slot/u,
    );
  } finally {
    await server.stop();
  }
  await expect(server.complete([1])).rejects.toThrow("fetch failed");
  expect(await slotFolders()).toEqual(before);
});

test("a server that does not start is an error with what it said", async () => {
  const before = await slotFolders();
  const wrong = LlamaServer.start(binary, { ...OPTIONS, model: "model.txt" });
  await expect(wrong).rejects.toThrow("did not start: error loading model model.txt");
  const none = LlamaServer.start(join(folder, "none"), OPTIONS);
  await expect(none).rejects.toThrow("ENOENT");
  expect(await slotFolders()).toEqual(before);
});

test("slots are measured, cold and restored", async () => {
  const results: Omit<Measurement, "suite">[] = [];
  const about = { model: "model.gguf", contextTokens: 512 };
  await benchServerSlots(about, (result) => results.push(result), binary);
  expect(results.map(({ subject, metric }) => `${subject}: ${metric}`)).toEqual([
    "llama-server slots, cold: ttft_cpu_s",
    "llama-server slots: ttft_cpu_s",
    "llama-server slots: ttft_ratio_cpu",
    "llama-server slots: store_share_of_cold",
  ]);
  expect(results.every(({ case: name }) => name === "ctx512")).toBe(true);
});
