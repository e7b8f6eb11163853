/** LoRAs that memory keeps, chosen for a prompt through the AI SDK and through LangChain. */
import { readFile } from "node:fs/promises";
import { memcubeProvider } from "@memcube/ai-sdk";
import type { MemOSOptions } from "@memcube/core";
import { loraDirectory } from "@memcube/llama";
import { tinyLora, tinyModel } from "@memcube/llama/testing";
import { generateText } from "ai";
import { describe, expect, it, vi } from "vitest";

import { collect, question } from "./collect.ts";
import { ada, inFolder, langchain, likesTea, place, sdk, statesIn, system } from "./plan-places.ts";

describe("LoRAs of memory", () => {
  async function withLora(options: Partial<MemOSOptions> = {}) {
    const here = await place("first", options);
    const { sha256 } = here.engine.model;
    const file = inFolder("lora.gguf");
    await tinyLora(file, { base: await tinyModel(), baseSha256: sha256, seed: 3 });
    const bytes = await readFile(file);
    const cube = await here.os.as(ada).cube("user:ada");
    const about = { baseModelSha256: sha256, architecture: "llama", rank: 4, alpha: 8 };
    return { ...here, cube, about, file: { ...about, bytes } };
  }

  it("are used for their task, always, or for what they are about, in both frameworks", async () => {
    const { os, engine, cube, file } = await withLora({ promotion: false });
    const description = "Tells what is known about green tea and animals in Paris";
    const activation = { tasks: ["Tasting"], scale: 0.5 };
    const { header } = await cube.keepLora({ ...file, description }, { activation });
    const here = { os, engine };
    const plain = await sdk(here, "Who lives there?");
    const tasted = await sdk(here, "Who lives there?", { memcube: { task: "tasting" } });
    expect(tasted.text).not.toBe(plain.text);

    // The very same answer as with the LoRA named by the call.
    const base = { modelPath: await tinyModel(), modelSha256: engine.model.sha256 };
    const loras = loraDirectory({ directory: inFolder("loras") });
    await loras.add(inFolder("lora.gguf"), { base, name: "named" });
    const named = await place("named", { promotion: false, file: "other.db" }, { lora: loras });
    const model = memcubeProvider({ engine: named.engine }).languageModel();
    const by = { memcubeEngine: { lora: [{ id: "named", scale: 0.5 }] } };
    const given = { model, instructions: system, prompt: "Who lives there?", maxOutputTokens: 10 };
    const { text } = await generateText({ ...given, providerOptions: by });
    expect(tasted.text).toBe(text);

    const prepare = async (messages: string, task?: string) =>
      (await os.as(ada).prepare({ messages, model: engine.model.id, ...(task && { task }) })).lora;
    const chosen = { memoryId: header.id, cubeId: "user:ada", version: 1, scale: 0.5 };
    expect(await prepare("Hi", "tasting")).toEqual([{ ...chosen, why: "task" }]);
    expect(await prepare("What is known about green tea?", "cooking")).toBeUndefined();
    expect(await prepare("What is known about green tea?")).toEqual([
      { ...chosen, why: "question" },
    ]);
    expect(await prepare("Who wrote Faust?")).toBeUndefined();
    expect(
      (await os.as(ada).prepare({ messages: "Hi", model: "gpt", task: "tasting" })).lora,
    ).toBeUndefined();
    await cube.update(header.id, { activation: { always: true, scale: 0.5 } });
    expect(await prepare("Hi", "cooking")).toEqual([{ ...chosen, version: 2, why: "always" }]);
    expect((await langchain(here, "Who lives there?")).text).toBe(text);
  });

  it("that are damaged, or for others, are left out of the answer and told of", async () => {
    const { os, engine, cube, file, about } = await withLora({ promotion: false });
    const plain = await sdk({ os, engine }, "Who lives there?");
    const activation = { always: true };
    const bytes = Uint8Array.from(file.bytes).fill(0xff, file.bytes.length - 4_096);
    const bad = await cube.keepLora({ ...about, bytes }, { activation });
    await cube.keepLora({ ...file, baseModelSha256: "f".repeat(64) }, { activation });
    const taking = vi.spyOn(engine, "takeLora");
    const ask = async () => await os.as(ada).prepare({ messages: "a", model: engine.model.id });
    const plan = await ask();
    expect(plan.lora).toHaveLength(1);
    const { request, left } = await plan.handOver();
    expect(left).toEqual([{ memoryId: bad.header.id, cubeId: "user:ada", reason: "not-finite" }]);
    expect(request.lora).toBeUndefined();
    expect((await sdk({ os, engine }, "Who lives there?")).text).toBe(plain.text);
    expect((await ask()).lora).toBeUndefined();
    expect(taking).toHaveBeenCalledTimes(1);
  });

  it("have states of their own, which go with them", async () => {
    const { os, engine, cube, file } = await withLora({ promotion: { afterUses: 1 } });
    await likesTea(os);
    const { header } = await cube.keepLora(file, { activation: { always: true, scale: 0.5 } });
    const warm = await sdk({ os, engine }, "Who lives there?");
    await os.idle();
    const [state] = await statesIn(cube);
    expect(state!.edges.map(({ to }) => to.id)).toContain(header.id);
    expect(state!.payload).toMatchObject({ lora: [{ scale: 0.5 }] });
    await os.close();

    const second = await place("second");
    const there = await second.os.as(ada).cube("user:ada");
    const restored = await sdk(second, "Who lives there?");
    expect(restored).toMatchObject({ text: warm.text });
    expect(restored.cached).toBeGreaterThanOrEqual(1_024);
    await there.erase(header.id);
    expect(await statesIn(there)).toEqual([]);
    const without = await sdk(second, "Who lives there?");
    expect(without.text).not.toBe(warm.text);
    expect(without.cached).toBe(0);
  });

  it("of several cubes: the nearest first, at most four, one file once", async () => {
    const { os, engine, cube, file } = await withLora({ promotion: false });
    const team = await os.as(ada).createCube("team");
    const activation = { always: true };
    const far = await team.keepLora(file, { activation });
    const near = await cube.keepLora(file, { activation });
    const first = await team.keepLora(file, { activation, priority: 5 });
    const plan = await os
      .as(ada)
      .prepare({ cubes: ["user:ada", "team"], messages: "a", model: engine.model.id });
    expect(plan.lora?.map(({ memoryId }) => memoryId)).toEqual(
      [first, near, far].map(({ header }) => header.id),
    );
    const { request, left } = await plan.handOver();
    expect(request.lora).toHaveLength(1);
    expect(left.map(({ reason }) => reason)).toEqual(["twice", "twice"]);
  });

  it("are their readers', and only while everything they were made from is", async () => {
    const { os, engine, file } = await withLora({ promotion: false });
    const team = await os.as(ada).createCube("team", { allow: ["user:bob", "user:eve"] });
    const { ids } = await team.add(["Tasting notes of the team", "A secret of bob"]);
    await team.update(ids[1]!, { allow: ["user:bob"] });
    const activation = { always: true };
    const [one, two] = ids.map((id, at) => ({ id, version: at + 1 }));
    const open = await team.keepLora(file, { activation, sources: [one!] });
    const hidden = await team.keepLora(file, { activation, sources: [one!, two!], priority: 1 });
    const chosen = async (userId: string, tenantId = "default") => {
      const me = os.as({ userId, tenantId });
      const { lora } = await me.prepare({ cubes: ["team"], messages: "a", model: engine.model.id });
      return lora?.map(({ memoryId }) => memoryId);
    };
    expect(await chosen("bob")).toEqual([hidden.header.id, open.header.id]);
    expect(await chosen("eve")).toEqual([open.header.id]);
    // A list that is the LoRA's own does not make up for a source that is out of sight.
    await team.update(hidden.header.id, { allow: ["user:bob", "user:eve"] });
    expect(await chosen("eve")).toEqual([open.header.id]);
    await expect(chosen("eve", "elsewhere")).rejects.toMatchObject({
      code: "MEMCUBE_CUBE_NOT_FOUND",
    });
    // Whose right is taken away between plan and call gets none.
    const me = os.as({ userId: "eve" });
    const plan = await me.prepare({ cubes: ["team"], messages: "a", model: engine.model.id });
    await team.update(open.header.id, { allow: [] });
    expect(await plan.handOver()).toMatchObject({ left: [{ reason: "not-found" }] });
  });

  it("that the engine has are used by nobody who lost the right to them, and not when they changed", async () => {
    const { os, engine, file } = await withLora({ promotion: false });
    const team = await os.as(ada).createCube("team", { allow: ["user:bob"] });
    const { header } = await team.keepLora(file, { activation: { always: true } });
    const prepare = async (userId: string) =>
      await os.as({ userId }).prepare({ cubes: ["team"], messages: "a", model: engine.model.id });
    expect((await (await prepare("ada")).handOver()).request.lora).toHaveLength(1);
    const before = await prepare("bob");
    await team.update(header.id, { allow: [] });
    expect(await before.handOver()).toMatchObject({ left: [{ reason: "not-found" }] });
    expect((await before.handOver()).request.lora).toBeUndefined();
    const planned = await prepare("ada");
    await team.update(header.id, { tags: ["other"] });
    expect(await planned.handOver()).toMatchObject({ left: [{ reason: "changed" }] });
    const next = await prepare("ada");
    expect((await next.handOver()).request.lora).toHaveLength(1);
    // Its file is destroyed with the last memory that holds it.
    const again = await team.keepLora(file, { activation: { always: true } });
    const { request } = await (await prepare("ada")).handOver();
    const named = question("Hi", { lora: request.lora! });
    await team.erase(header.id);
    expect(await next.handOver()).toMatchObject({ left: [{ reason: "not-found" }] });
    expect((await (await prepare("ada")).handOver()).request.lora).toEqual(request.lora);
    await collect(engine, named);
    await team.erase(again.header.id);
    await expect(collect(engine, named)).rejects.toMatchObject({ code: "MEMCUBE_LORA_INVALID" });
    await team.keepLora(file, { activation: { always: true } });
    await (await prepare("ada")).handOver();
    await collect(engine, named);
    await os.as(ada).deleteCube("team");
    await expect(collect(engine, named)).rejects.toMatchObject({ code: "MEMCUBE_LORA_INVALID" });
  });
});
