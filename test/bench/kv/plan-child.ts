/**
 * A machine of its own: an engine with states in a folder of its own, on a file of memories. Asks one
 * question through a framework with memory, and prints what its first token took. Argument: a `PlanTask`
 * as JSON.
 */
import { memcubeMiddleware as sdkMemory, memcubeProvider } from "@memcube/ai-sdk";
import type { Engine, MemOS } from "@memcube/core";
import { ChatMemCube, memcubeMiddleware } from "@memcube/langchain";
import { llamaEngine } from "@memcube/llama";
import { largeModel } from "@memcube/llama/testing";
import { generateText, wrapLanguageModel } from "ai";
import { createAgent, HumanMessage } from "langchain";
import { open } from "memcube";

import { cpuMsOf } from "../report.ts";
import { STABLE_SHARE, wordsOf } from "./plan-memories.ts";
import type { PlanAnswer, PlanTask } from "./plan.ts";

const CALLER = { userId: "ada" };
const QUESTION = "What was said about the memory?";
const INSTRUCTIONS = "You answer in short.";

const task = JSON.parse(process.argv[2] ?? "{}") as PlanTask;
const engine = await llamaEngine({
  model: await largeModel(),
  threads: 1,
  contextSize: task.contextTokens + 512,
  maxContexts: 1,
  kv: { directory: task.directory },
});
const promotion = task.remember ? { afterUses: 1 } : (false as const);
const os = await open({ path: task.path, engine, promotion, durability: "process" });
if (task.remember) await remember(os, engine, task.contextTokens);

// What is done once (start of threads, compilation of our own code) belongs to nobody.
const empty = await open({ path: ":memory:", engine, promotion: false });
await ask(empty, engine, { ...task, cachePrompt: false });
await empty.close();

let answer: Omit<PlanAnswer, "cpuMs" | "wallMs"> | undefined;
const began = performance.now();
const cpuMs = await cpuMsOf(async () => void (answer = await ask(os, engine, task)));
const wallMs = performance.now() - began;
await os.idle();
console.log(JSON.stringify({ ...answer, cpuMs, wallMs }));
await os.close();
await engine.close();

/** Preferences that make a prompt of some so many tokens. */
async function remember(to: MemOS, by: Engine, tokens: number): Promise<void> {
  // Headings, list marks and the chat template come to some 100 tokens.
  const texts = wordsOf(tokens - 100, (text) => by.count(text));
  const cube = await to.as(CALLER).cube("user:ada");
  await cube.add(texts.map((text) => ({ type: "preference" as const, text })));
}

/** One token: the answer ends with its first. */
async function ask(
  memory: MemOS,
  by: Engine,
  { framework, contextTokens, cachePrompt }: PlanTask,
): Promise<Pick<PlanAnswer, "text" | "promptTokens" | "cachedTokens">> {
  const budgetTokens = Math.ceil((contextTokens * 1.2) / STABLE_SHARE);
  if (framework === "AI SDK") {
    const model = wrapLanguageModel({
      model: memcubeProvider({ engine: by }).languageModel(),
      middleware: sdkMemory({ os: memory, budgetTokens }),
    });
    const { text, usage } = await generateText({
      model,
      instructions: INSTRUCTIONS,
      prompt: QUESTION,
      maxOutputTokens: 1,
      providerOptions: { memcube: { ...CALLER, save: false }, memcubeEngine: { cachePrompt } },
    });
    return {
      text,
      promptTokens: usage.inputTokens ?? 0,
      cachedTokens: usage.inputTokenDetails.cacheReadTokens ?? 0,
    };
  }
  const agent = createAgent({
    model: new ChatMemCube({ engine: by, maxTokens: 1, cachePrompt }),
    tools: [],
    systemPrompt: INSTRUCTIONS,
    middleware: [memcubeMiddleware({ os: memory, budgetTokens })],
  });
  const { messages } = await agent.invoke(
    { messages: [new HumanMessage(QUESTION)] },
    { context: CALLER },
  );
  const last = messages.at(-1) as {
    readonly text: string;
    readonly usage_metadata?: {
      readonly input_tokens: number;
      readonly input_token_details?: { readonly cache_read?: number };
    };
  };
  return {
    text: last.text,
    promptTokens: last.usage_metadata?.input_tokens ?? 0,
    cachedTokens: last.usage_metadata?.input_token_details?.cache_read ?? 0,
  };
}
