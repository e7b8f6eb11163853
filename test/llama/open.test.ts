/** A memory OS with an engine: its tokens, its vectors, its kept prompts. */
import type { Engine } from "@memcube/core";
import { llamaEngine } from "@memcube/llama";
import { tinyModel } from "@memcube/llama/testing";
import { open } from "memcube";
import { expect, it } from "vitest";

import { collect, question } from "./collect.ts";

const cachedFor = async (engine: Engine, cacheScope: string): Promise<number> =>
  (await collect(engine, question("Who?", { cacheScope }))).usage.cachedTokens;

it("forgets the prompts of a tenant whose memories are erased", async () => {
  const engine = await llamaEngine({ model: await tinyModel(), threads: 1, contextSize: 2_048 });
  const os = await open({ path: ":memory:", engine });
  const cube = await os.as({ userId: "ada", tenantId: "acme" }).cube("user:ada");
  const { ids } = await cube.add("The secret word is tea.");
  expect(await cachedFor(engine, "acme/ada")).toBe(0);
  expect(await cachedFor(engine, "acme/ada")).toBe(768);
  expect(await cachedFor(engine, "other")).toBe(0);
  await cube.erase(ids);
  expect(await cachedFor(engine, "other")).toBe(768);
  expect(await cachedFor(engine, "acme/ada")).toBe(0);
  await os.close();
  expect(engine.count("still open")).toBeGreaterThan(0);
  await engine.close();
});

it("searches by the vectors of an engine that embeds", async () => {
  const model = await tinyModel({ architecture: "qwen3", purpose: "embed" });
  const engine = await llamaEngine({ model, threads: 1 });
  const os = await open({ path: ":memory:", engine });
  const cube = await os.as({ userId: "ada" }).cube("user:ada");
  const added = await cube.add(["green animals", "the meeting is on Monday"]);
  expect(await added.settled()).toMatchObject({ failed: 0 });
  const { hits } = await cube.search("meetings mondays");
  expect(hits.map(({ why }) => typeof why.vector)).toContain("number");
  await os.close();
  await engine.close();
});
