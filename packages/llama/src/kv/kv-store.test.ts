import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Llama } from "node-llama-cpp";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { tinyModel } from "../testing/index.ts";
import { openKvStore, type KvStoreOptions } from "./kv-store.ts";
import { someTokens, testLlama, type TestModel, testModel } from "./testing.ts";

let llama: Llama;
let model: TestModel;
let directory: string;

beforeAll(async () => {
  llama = await testLlama();
  model = await testModel(llama, await tinyModel());
});
afterAll(async () => await llama.dispose());
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), "memcube-kv-"))));
afterEach(async () => await rm(directory, { recursive: true, force: true }));

const open = (options: Partial<KvStoreOptions> = {}) => openKvStore({ directory, ...options });
const scope = "tenant";
const question = someTokens(20, 99);

async function filesIn(folder: string): Promise<string[]> {
  const names = await readdir(join(directory), { recursive: true, withFileTypes: true });
  return names
    .filter((name) => name.isFile() && name.parentPath.includes(`/${folder}/`))
    .map(({ parentPath, name }) => join(parentPath, name));
}

describe("a prefix that was filled", () => {
  test("is restored by another store, and the answer is the same", async () => {
    const tokens = someTokens(1_000);
    const [one, other] = [await model.sequences(1), await model.sequences(1)].flat();
    const first = await open();
    const cold = await first.fill(one!, { scope, tokens });
    expect(cold).toMatchObject({
      restoredTokens: 0,
      keptTokens: 0,
      prefilledTokens: 768,
      reason: "nothing-stored",
    });
    expect(await cold.saved).toEqual({ writtenTokens: 768 });
    const answer = await one!.greedy([...tokens.slice(768), ...question], 24);
    await first.close();

    const second = await open();
    const warm = await second.fill(other!, { scope, tokens });
    expect(warm).toMatchObject({ restoredTokens: 768, keptTokens: 0, prefilledTokens: 0 });
    expect(warm.reason).toBeUndefined();
    expect(other!.tokens()).toEqual(tokens.slice(0, 768));
    expect(await other!.greedy([...tokens.slice(768), ...question], 24)).toEqual(answer);
    await second.close();
  });
});
