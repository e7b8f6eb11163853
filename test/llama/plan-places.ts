/** Machines for tests of plans: each with an engine and states of its own, on memories that may be shared. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memcubeMiddleware as sdkMemory, memcubeProvider } from "@memcube/ai-sdk";
import type { Engine, MemCube, Memory, MemOS, MemOSOptions } from "@memcube/core";
import { ChatMemCube, memcubeMiddleware } from "@memcube/langchain";
import { llamaEngine, type LlamaEngineOptions } from "@memcube/llama";
import { tinyModel } from "@memcube/llama/testing";
import { generateText, wrapLanguageModel } from "ai";
import { createAgent, HumanMessage } from "langchain";
import { open } from "memcube";
import { afterEach, beforeEach } from "vitest";

import { facts } from "./collect.ts";

/** Its last page ends within what is known about ada. */
export const system = facts(73);
export const ada = { userId: "ada" } as const;

let folder: string;
/** A path in the folder of the test that runs. */
export const inFolder = (name: string): string => join(folder, name);
/** What is closed behind a test, the last first. */
export const closing: (() => Promise<void>)[] = [];
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "memcube-plans-"))));
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  await rm(folder, { recursive: true, force: true });
});

export interface Place {
  readonly os: MemOS;
  readonly engine: Engine;
}

/** A machine: an engine with a store of its own, and a memory OS on a file that others may have, too. */
export async function place(
  name: string,
  options: Partial<MemOSOptions> & { readonly file?: string } = {},
  more: Partial<LlamaEngineOptions> = {},
): Promise<Place> {
  const { file = "memory.db", ...rest } = options;
  const kv = { directory: inFolder(name) };
  const model = await tinyModel();
  const engine = await llamaEngine({ model, threads: 1, contextSize: 2_048, kv, ...more });
  const os = await open({ path: inFolder(file), engine, durability: "process", ...rest });
  closing.push(
    () => engine.close(),
    () => os.close(),
  );
  return { os, engine };
}

/** Answers through the AI SDK; what was said is not kept, so that each prompt has the same memory. */
export async function sdk(
  { os, engine }: Place,
  prompt: string,
  more: Record<string, unknown> = {},
) {
  const model = wrapLanguageModel({
    model: memcubeProvider({ engine }).languageModel(),
    middleware: sdkMemory({ os }),
  });
  const { memcube, ...others } = more;
  const { text, usage, finalStep } = await generateText({
    model,
    instructions: system,
    prompt,
    maxOutputTokens: 10,
    providerOptions: {
      memcube: { ...ada, save: false, ...(memcube as object | undefined) },
      ...(others as { memcubeEngine?: Record<string, boolean> }),
    },
  });
  return {
    text,
    cached: usage.inputTokenDetails.cacheReadTokens,
    told: finalStep.providerMetadata,
  };
}

export async function langchain({ os, engine }: Place, prompt: string, more: object = {}) {
  const agent = createAgent({
    model: new ChatMemCube({ engine, maxTokens: 10, ...more }),
    tools: [],
    systemPrompt: system,
    middleware: [memcubeMiddleware({ os })],
  });
  const { messages } = await agent.invoke(
    { messages: [new HumanMessage(prompt)] },
    { context: ada },
  );
  const last = messages.at(-1) as {
    text: string;
    usage_metadata?: { input_token_details?: { cache_read?: number } };
  };
  return { text: last.text, cached: last.usage_metadata?.input_token_details?.cache_read };
}

export async function likesTea(os: MemOS): Promise<MemCube> {
  const cube = await os.as(ada).cube("user:ada");
  await cube.add({ type: "preference", text: "Ada likes tea from Paris, and short answers." });
  return cube;
}

export async function statesIn(cube: MemCube): Promise<readonly Memory[]> {
  return (await cube.list({ kinds: ["activation"] })).items;
}
