import {
  createMemOS,
  type Engine,
  type EngineRequest,
  type EngineUsage,
  type KvState,
} from "@memcube/core";
import { memoryStorage } from "@memcube/core/testing";
import { type DirectoryKvStore, llamaEngine, openKvStore } from "@memcube/llama";
import { tinyModel } from "@memcube/llama/testing";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

let folder: string;
const closing: { close(): Promise<void> }[] = [];

beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "memcube-states-"))));
afterEach(async () => {
  for (const one of closing.splice(0).toReversed()) await one.close();
  await rm(folder, { recursive: true, force: true });
});

async function place(name: string, seed = 1): Promise<{ engine: Engine; store: DirectoryKvStore }> {
  const store = await openKvStore({ directory: join(folder, name) });
  const model = await tinyModel({ seed });
  const engine = await llamaEngine({ model, threads: 1, maxContexts: 1, kv: store });
  closing.push(store, engine);
  return { engine, store };
}

async function ask(
  engine: Engine,
  system: string,
  more: Partial<EngineRequest> = {},
): Promise<{ readonly text: string; readonly usage: EngineUsage }> {
  let text = "";
  const request: EngineRequest = {
    messages: [
      { role: "system", text: system },
      { role: "user", text: "What does Ada like?" },
    ],
    sampling: { temperature: 0, maxTokens: 12 },
    cacheScope: "default",
    ...more,
  };
  for await (const part of engine.generate(request)) {
    if (part.type === "text") text += part.delta;
    if (part.type === "finish") return { text, usage: part.usage };
  }
  throw new Error("the answer has no end");
}

const facts = Array.from(
  { length: 60 },
  (_, day) => `On day ${day} Ada had tea of kind ${day % 7}.`,
);

async function pagesIn(name: string): Promise<number> {
  const entries = await readdir(join(folder, name), { recursive: true, withFileTypes: true });
  return entries.filter((each) => each.isFile() && each.parentPath.includes("/pages/")).length;
}

test("what a prompt was made of becomes an activation memory, moves, and goes with its sources", async () => {
  const { engine, store } = await place("first");
  const storage = memoryStorage();
  const os = createMemOS({ storage, promptStates: [store] });
  closing.push(os);
  const cube = await os.as({ userId: "ada" }).createCube("notes");
  const { ids } = await cube.add(facts);
  const memories = await cube.getMany(ids);
  const text = memories.map(({ payload }) => ("text" in payload ? payload.text : "")).join("\n");
  const sources = memories.map(({ header, version }) => ({
    id: header.id,
    version: version.number,
  }));

  const without = await ask(engine, text, { cachePrompt: false });
  const { usage } = await ask(engine, text);
  expect(usage.writtenTokens).toBeGreaterThan(512);
  const state = await store.exportState("default", usage.stateKey!);
  expect(state).toMatchObject({ modelSha256: engine.model.sha256, lora: [] });
  const memory = await cube.promote(state!, { sources });
  expect(memory.header.kind).toBe("activation");

  // Another machine, with other salts: its first answer restores what came with the cube.
  const { engine: there, store: stored } = await place("second");
  const recalled = await cube.recallState(memory.header.id);
  const { engineKey = "" } = there.states ?? {};
  const owner = { modelSha256: there.model.sha256, engineKey };
  expect(await stored.importState("default", recalled!.state!, owner)).toEqual({
    importedTokens: usage.writtenTokens,
  });
  const restored = await ask(there, text);
  expect(restored.usage.cachedTokens).toBe(usage.writtenTokens);
  expect(restored.text).toBe(without.text);

  const { engine: foreign, store: refusing } = await place("foreign", 2);
  const other = { modelSha256: foreign.model.sha256, engineKey };
  expect(await refusing.importState("default", recalled!.state!, other)).toMatchObject({
    importedTokens: 0,
    reason: "foreign-model",
  });

  // Nothing of an erased memory stays: not the activation memory, not its blobs, not the plain cache.
  expect(await pagesIn("first")).toBeGreaterThan(0);
  await cube.erase(ids[7]!);
  expect(await cube.get(memory.header.id)).toBeUndefined();
  expect(await storage.blobs.list("default", { limit: 10 })).toEqual([]);
  expect(await pagesIn("first")).toBe(0);
  const again = await ask(engine, text.replace("On day 7 Ada had tea of kind 0.\n", ""));
  expect(again.usage.cachedTokens).toBeLessThan(usage.writtenTokens);
});

test("a state that was tampered with on its way is not taken in", async () => {
  const { engine, store } = await place("first");
  const { usage } = await ask(engine, facts.join(" "));
  const state = (await store.exportState("default", usage.stateKey!))!;
  const { store: other } = await place("second");
  const [first, second, ...rest] = state.pages as [Uint8Array, Uint8Array];
  const tampered: readonly (readonly [string, KvState])[] = [
    ["page-damaged", { ...state, pages: [first.subarray(1), second, ...rest] }],
    ["page-damaged", { ...state, pages: [first, second.subarray(0, -1), ...rest] }],
    ["shape-differs", { ...state, pages: [second, first, ...rest] }],
    ["tokens-differ", { ...state, pages: [first, second] }],
    ["tokens-differ", { ...state, tokensSha256: "0".repeat(64) }],
    ["tokens-differ", { ...state, tokenCount: 256 }],
  ];
  for (const [reason, wrong] of tampered) {
    expect(await other.importState("default", wrong, state)).toEqual({ importedTokens: 0, reason });
  }
  expect(await other.list()).toEqual([]);
  expect(await store.exportState("default", "f".repeat(64))).toBeUndefined();
  expect(await store.exportState("another", usage.stateKey!)).toBeUndefined();
});
