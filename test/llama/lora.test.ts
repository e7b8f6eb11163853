import { createMemOS, type Engine, type EngineRequest, type TelemetryEvents } from "@memcube/core";
import { memoryStorage } from "@memcube/core/testing";
import { llamaEngine, loraDirectory } from "@memcube/llama";
import { tinyLora, tinyModel } from "@memcube/llama/testing";
import { createHash } from "node:crypto";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

let folder: string;
let engine: Engine;
let base: { modelPath: string; modelSha256: string };
const loras = () => loraDirectory({ directory: join(folder, "loras") });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "memcube-loras-"));
  const model = await tinyModel();
  const modelSha256 = createHash("sha256")
    .update(await readFile(model))
    .digest("hex");
  base = { modelPath: model, modelSha256 };
  for (const [name, seed] of [
    ["green", 1],
    ["blue", 2],
  ] as const) {
    const file = join(folder, `${name}.gguf`);
    await tinyLora(file, { base: model, baseSha256: modelSha256, seed });
    await loras().add(file, { base, name });
  }
  const kv = { directory: join(folder, "states") };
  engine = await llamaEngine({ model, threads: 1, maxContexts: 2, lora: loras(), kv });
});
afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});

const system = Array.from({ length: 60 }, (_, day) => `On day ${day} it was green.`).join(" ");

async function ask(lora: EngineRequest["lora"], cachePrompt = true) {
  let text = "";
  const request: EngineRequest = {
    messages: [
      { role: "system", text: system },
      { role: "user", text: "What was it?" },
    ],
    sampling: { temperature: 0, maxTokens: 12 },
    cachePrompt,
    ...(lora === undefined ? {} : { lora }),
  };
  for await (const part of engine.generate(request)) {
    if (part.type === "text") text += part.delta;
    if (part.type === "finish") return { text, cached: part.usage.cachedTokens };
  }
  throw new Error("the answer has no end");
}

test("LoRAs are chosen per call, and states of one set are never used for another", async () => {
  const sets: EngineRequest["lora"][] = [
    undefined,
    [{ id: "green" }],
    [{ id: "green", scale: 0.5 }],
    [{ id: "blue" }],
    [{ id: "green" }, { id: "blue", scale: 0.5 }],
  ];
  const without = [];
  const attached: TelemetryEvents["memcube:lora"][] = [];
  const listener = (event: unknown) => attached.push(event as TelemetryEvents["memcube:lora"]);
  subscribe("memcube:lora", listener);
  for (const set of sets) without.push((await ask(set, false)).text);
  unsubscribe("memcube:lora", listener);
  expect(attached.map(({ sha256 }) => sha256.length)).toEqual([1, 1, 1, 2]);
  expect(attached.every(({ ms }) => ms > 0)).toBe(true);
  expect(new Set(without).size).toBe(sets.length);
  for (const [at, set] of sets.entries()) {
    const { text, cached } = await ask(set);
    expect({ text, cached }, JSON.stringify(set)).toEqual({ text: without[at], cached: 0 });
  }
  for (const [at, set] of sets.entries()) {
    const { text, cached } = await ask(set);
    expect(text).toBe(without[at]);
    expect(cached).toBeGreaterThan(256);
  }
  // The order does not matter, and a scale of 0 is the model alone.
  const turned = await ask([{ id: "blue", scale: 0.5 }, { id: "green" }]);
  expect(turned).toMatchObject({ text: without[4] });
  expect(turned.cached).toBeGreaterThan(256);
  expect((await ask([{ id: "green", scale: 0 }])).text).toBe(without[0]);
}, 120_000);

test("a LoRA that is not known or was made for another model is an error with a code", async () => {
  await expect(ask([{ id: "red" }])).rejects.toMatchObject({ code: "MEMCUBE_LORA_INVALID" });
  const foreign = { modelPath: base.modelPath, modelSha256: "f".repeat(64) };
  await expect(loras().resolve("green", foreign)).rejects.toMatchObject({
    code: "MEMCUBE_LORA_INVALID",
    details: { defect: "foreign-base" },
  });
});

test("a LoRA is a parameter memory: its file moves with the cube and is checked where it arrives", async () => {
  const os = createMemOS({ storage: memoryStorage() });
  const cube = await os.as({ userId: "ada" }).createCube("skills");
  const { ids } = await cube.add("It was green on each of sixty days.");
  const resolved = (await loras().resolve("green", base))!;
  const file = {
    baseModelSha256: base.modelSha256,
    architecture: "llama",
    rank: 4,
    alpha: 8,
    description: "what colour it was",
    bytes: await readFile(resolved.path),
  };
  const sources = [{ id: ids[0]!, version: 1 }];
  const memory = await cube.keepLora({ ...file, bytes: new Uint8Array(file.bytes) }, { sources });
  expect(memory.edges).toMatchObject([{ type: "derived-from", to: { id: ids[0] }, toVersion: 1 }]);

  const elsewhere = loraDirectory({ directory: join(folder, "elsewhere") });
  const recalled = await cube.recallLora(memory.header.id);
  const arrived = join(folder, "arrived.gguf");
  await writeFile(arrived, recalled!.lora!.bytes);
  const added = await elsewhere.add(arrived, { base, name: "green" });
  expect(added.sha256).toBe(resolved.sha256);
  const foreign = { modelPath: await tinyModel({ seed: 2 }), modelSha256: "e".repeat(64) };
  await expect(elsewhere.add(arrived, { base: foreign })).rejects.toMatchObject({
    details: { defect: "foreign-base" },
  });
  await os.close();
});
