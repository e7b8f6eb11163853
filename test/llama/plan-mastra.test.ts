/** What a plan says to an engine, through agents of Mastra. */
import { readFile } from "node:fs/promises";
import { memcubeProvider } from "@memcube/ai-sdk";
import { tinyLora, tinyModel } from "@memcube/llama/testing";
import { MemCubeMemory } from "@memcube/mastra";
import { Agent } from "@mastra/core/agent";
import { expect, it, vi } from "vitest";

import { ada, inFolder, likesTea, place, type Place, statesIn, system } from "./plan-places.ts";

/** Answers, and says what was asked of the engine. */
async function ask({ os, engine }: Place, thread: string, prompt: string) {
  const generate = vi.spyOn(engine, "generate");
  const agent = new Agent({
    id: "a",
    name: "a",
    instructions: system,
    // Mastra bundles the types of another minor version of the provider's interface.
    model: memcubeProvider({ engine }).languageModel() as never,
    memory: new MemCubeMemory({ os }),
  });
  const { text, usage } = await agent.generate(prompt, {
    memory: { thread, resource: ada.userId },
    modelSettings: { maxOutputTokens: 8 },
  });
  await os.idle();
  return { text, cached: usage.cachedInputTokens, request: generate.mock.lastCall![0] };
}

it("a prefix that is used again becomes a memory, and is restored by another machine", async () => {
  const first = await place("first", { promotion: { afterUses: 2 } });
  const cube = await likesTea(first.os);
  const { request } = await ask(first, "t1", "What is fact 1?");
  expect(request.messages.map(({ role }) => role)).toEqual(["system", "user"]);
  expect(request.stableThrough).toContain("Ada likes tea");
  expect(await statesIn(cube)).toEqual([]);
  await ask(first, "t2", "What is fact 2?");
  expect(await statesIn(cube)).toHaveLength(1);
  await first.os.close();

  const second = await place("second", { promotion: false });
  expect((await ask(second, "t3", "What is fact 3?")).cached).toBeGreaterThanOrEqual(1_024);
});

it("LoRAs of memory are used", async () => {
  const here = await place("first", { promotion: false });
  const { sha256 } = here.engine.model;
  const path = inFolder("lora.gguf");
  await tinyLora(path, { base: await tinyModel(), baseSha256: sha256, seed: 3 });
  const about = { baseModelSha256: sha256, architecture: "llama", rank: 4, alpha: 8 };
  const cube = await here.os.as(ada).cube("user:ada");
  expect((await ask(here, "t1", "Who lives there?")).request.lora).toBeUndefined();
  const bytes = await readFile(path);
  await cube.keepLora({ ...about, bytes }, { activation: { always: true, scale: 0.5 } });
  const { request } = await ask(here, "t2", "Who lives there?");
  expect(request.lora).toMatchObject([{ scale: 0.5 }]);
});
