import { tinyModel } from "@memcube/llama/testing";
import { readdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

import { CLI, ended, type Said, start, temporaryFolder } from "../e2e/run-memcube.ts";

let folder: ReturnType<typeof temporaryFolder>;
let model: string;

beforeAll(async () => {
  folder = temporaryFolder();
  model = await tinyModel();
});
afterAll(() => folder.remove());

const run = async (...args: readonly string[]): Promise<Said> =>
  await ended(start([CLI, ...args], { cwd: folder.path }));

test("states are warmed, listed, shown, verified and collected from the shell", async () => {
  const text = Array.from({ length: 80 }, (_, line) => `Line ${line} is about tea.`).join("\n");
  await writeFile(join(folder.path, "prompt.txt"), text);
  const warm = ["kv", "warm", "prompt.txt", "--model", model, "--scope", "team", "--threads", "1"];
  const first = await run(...warm, "--json");
  expect(first).toMatchObject({ code: 0, errors: "" });
  const written = (JSON.parse(first.out) as { writtenTokens: number }).writtenTokens;
  expect(written).toBeGreaterThan(512);
  expect(JSON.parse((await run(...warm, "--json")).out)).toMatchObject({
    cachedTokens: written,
    writtenTokens: 0,
  });

  const listed = await run("kv", "ls", "--json");
  const [prefix, ...others] = JSON.parse(listed.out) as { key: string }[];
  expect(others).toEqual([]);
  expect(prefix).toMatchObject({ scope: "team", tokens: written, uses: 1 });
  const shown = await run("kv", "show", prefix!.key.slice(0, 12));
  expect(shown.code).toBe(0);
  expect(shown.out).toContain(prefix!.key);
  expect((await run("kv", "show", "0000")).code).toBe(3);

  expect(await run("kv", "verify")).toMatchObject({ code: 0 });
  const names = await readdir(join(folder.path, "kv-states"), { recursive: true });
  const page = names.find((name) => /pages\/..\/.{64}$/.test(name));
  await truncate(join(folder.path, "kv-states", page!), 1_000);
  const unsound = await run("kv", "verify");
  expect(unsound.code).toBe(4);
  expect(unsound.out).toContain("page-damaged");

  const collected = await run("kv", "gc", "--budget", "0", "--json");
  expect(JSON.parse(collected.out)).toMatchObject({ afterBytes: 0 });
  expect(JSON.parse((await run("kv", "ls", "--json")).out)).toEqual([]);
  expect((await run("kv", "list")).errors).toContain("ls, show, verify, gc, warm");
}, 120_000);

test("what states save is measured with any model", async () => {
  const measured = await run("bench", "kv", "--model", model, "--context", "512", "--json");
  expect(measured).toMatchObject({ code: 0, errors: "" });
  expect(JSON.parse(measured.out)).toMatchObject({
    contextTokens: 512,
    questionTokens: 28,
    same: true,
  });
  expect((await run("bench", "kv")).code).toBe(2);
}, 120_000);
