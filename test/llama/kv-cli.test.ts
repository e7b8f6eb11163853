import { tinyModel } from "@memcube/llama/testing";
import { readdir, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
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
}, 120_000);

test.each([
  [3, "There is no folder nowhere.", ["kv", "ls", "--dir", "nowhere"]],
  [3, "There is no folder nowhere.", ["kv", "verify", "--dir", "nowhere"]],
  [3, "This is no folder: file.txt.", ["kv", "gc", "--dir", "file.txt"]],
  [3, "There is no model none.gguf.", ["kv", "warm", "file.txt", "--model", "none.gguf"]],
  [3, "There is no model none.gguf.", ["bench", "kv", "--model", "none.gguf"]],
  [3, "There is no file none.txt.", ["kv", "warm", "none.txt", "--model", "file.txt"]],
  [1, "it is no GGUF file", ["bench", "kv", "--model", "file.txt"]],
  [2, "ls, show, verify, gc, warm", ["kv", "list"]],
  [2, "kv ls does not take the argument", ["kv", "ls", "more"]],
  [2, "--budget goes with kv gc only.", ["kv", "ls", "--budget", "5"]],
  [2, "kv show needs KEY.", ["kv", "show"]],
  [2, "kv warm needs --model PATH.", ["kv", "warm", "file.txt"]],
])("what is wrong ends with %i and says %s", async (code, text, args) => {
  const before = await temporaryNames();
  await writeFile(join(folder.path, "file.txt"), "no model");
  const said = await run(...args);
  expect(said).toMatchObject({ code, out: "" });
  expect(said.errors).toContain(text);
  expect(await temporaryNames()).toEqual(before);
});

test("a prefix longer than the model was trained for is refused before anything is measured", async () => {
  const before = await temporaryNames();
  const said = await run("bench", "kv", "--model", model, "--context", "512", "--context", "8192");
  expect(said).toMatchObject({ code: 2, out: "" });
  expect(said.errors).toContain("trained for 8192 tokens: a prefix of 8192 with its question");
  expect(said.errors).toContain("7936 is the longest");
  expect(await temporaryNames()).toEqual(before);
});

/** What a measurement that fails must not leave behind. */
async function temporaryNames(): Promise<readonly string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith("memcube-gain-"));
}

test("what is too short for a page is said", async () => {
  await writeFile(join(folder.path, "short.txt"), "tea");
  const said = await run("kv", "warm", "short.txt", "--model", model, "--threads", "1");
  expect(said).toMatchObject({ code: 0 });
  expect(said.errors).toContain("whole pages of 256 tokens");
}, 60_000);

test("what states save is measured with any model", async () => {
  const measured = await run("bench", "kv", "--model", model, "--context", "512", "--json");
  expect(measured).toMatchObject({ code: 0 });
  expect(measured.errors).toContain("512 tokens: restored from disk");
  expect(JSON.parse(measured.out)).toMatchObject({
    contextTokens: 512,
    questionTokens: 28,
    same: true,
  });
  expect((await run("bench", "kv")).code).toBe(2);
}, 120_000);
