/** The engine through the AI SDK and through LangChain: one state, whoever asks. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memcubeProvider } from "@memcube/ai-sdk";
import type { Engine } from "@memcube/core";
import { ChatMemCube } from "@memcube/langchain";
import { llamaEngine, type LlamaEngineOptions, loraDirectory } from "@memcube/llama";
import { tinyLora, tinyModel } from "@memcube/llama/testing";
import {
  embedMany,
  generateText,
  isStepCount,
  jsonSchema,
  Output,
  rerank,
  streamText,
  tool as sdkTool,
} from "ai";
import { createAgent, HumanMessage, SystemMessage, tool } from "langchain";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";

import { facts } from "./collect.ts";

const system = facts(60);
const ask = [new SystemMessage(system), new HumanMessage("What is fact 3?")];

/** What a model without a mind can be asked for: the grammar leaves it no other end. */
const verdict = z.strictObject({ color: z.enum(["red", "green"]), sure: z.boolean() });

let directory: string;
let engine: Engine;
let options: LlamaEngineOptions;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "memcube-skins-"));
  options = { model: await tinyModel(), threads: 1, contextSize: 2_048, kv: { directory } };
});
beforeEach(async () => {
  engine = await llamaEngine(options);
  return async () => {
    await engine.close();
  };
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

describe("one state for both frameworks", () => {
  let text: string;

  it("is written through the AI SDK", async () => {
    const model = memcubeProvider({ engine }).languageModel();
    const prompt = "What is fact 3?";
    const given = { model, instructions: system, prompt, maxOutputTokens: 12 } as const;
    const first = await generateText(given);
    expect(first.usage.inputTokenDetails).toMatchObject({
      cacheReadTokens: 0,
      cacheWriteTokens: 768,
    });
    expect(first.usage.outputTokens).toBe(12);
    expect(first.finishReason).toBe("length");
    expect(first.warnings).toEqual([]);
    text = first.text;
    const off = { memcubeEngine: { cachePrompt: false } };
    const without = await generateText({ ...given, providerOptions: off });
    expect(without.usage.inputTokenDetails.cacheReadTokens).toBe(0);
    expect(without.text).toBe(text);
    const { usage } = await generateText(given);
    expect(usage.inputTokenDetails).toMatchObject({ cacheReadTokens: 768, cacheWriteTokens: 0 });
  });

  it("is restored by another engine through LangChain, with the same text", async () => {
    const model = new ChatMemCube({ engine, maxTokens: 12 });
    const answer = await model.invoke(ask);
    expect(answer.text).toBe(text);
    expect(answer.usage_metadata?.input_token_details).toEqual({
      cache_read: 768,
      cache_creation: 0,
    });
    expect(answer.response_metadata).toMatchObject({ finish_reason: "length" });
  });

  it("is not there for another scope", async () => {
    const model = new ChatMemCube({ engine, maxTokens: 2, cacheScope: "tenant-b" });
    const answer = await model.invoke(ask);
    expect(answer.usage_metadata?.input_token_details?.cache_read).toBe(0);
    const again = await model.invoke(ask, { cacheScope: "tenant-b", maxTokens: 1 });
    expect(again.usage_metadata?.input_token_details?.cache_read).toBe(768);
  });
});

describe("a LoRA chosen per call", () => {
  it("has the same effect through both frameworks, and states of its own", async () => {
    const { model } = options;
    const modelSha256 = engine.model.sha256;
    const file = join(directory, "lora.gguf");
    await tinyLora(file, { base: model, baseSha256: modelSha256, seed: 3 });
    const lora = loraDirectory({ directory: join(directory, "loras") });
    await lora.add(file, { base: { modelPath: model, modelSha256 }, name: "taught" });
    const taught = await llamaEngine({ ...options, lora });
    const prompt = "What is fact 3?";
    const sdk = memcubeProvider({ engine: taught }).languageModel();
    const given = { model: sdk, instructions: system, prompt, maxOutputTokens: 12 } as const;
    const chosen = [{ id: "taught", scale: 0.5 }];
    const plain = await generateText(given);
    const first = await generateText({
      ...given,
      providerOptions: { memcubeEngine: { lora: chosen } },
    });
    expect(plain.usage.inputTokenDetails.cacheReadTokens).toBe(768);
    expect(first.usage.inputTokenDetails.cacheReadTokens).toBe(0);
    expect(first.text).not.toBe(plain.text);
    const second = await new ChatMemCube({ engine: taught, maxTokens: 12 }).invoke(ask, {
      lora: chosen,
    });
    expect(second.text).toBe(first.text);
    expect(second.usage_metadata?.input_token_details?.cache_read).toBe(768);
    await taught.close();
  });
});

describe("the AI SDK provider", () => {
  it("streams what it generates", async () => {
    const model = memcubeProvider({ engine }).languageModel();
    const given = { model, prompt: "Who lives in Paris?", maxOutputTokens: 24 } as const;
    const { text } = await generateText(given);
    const stream = streamText(given);
    const deltas: string[] = [];
    for await (const delta of stream.textStream) deltas.push(delta);
    expect(deltas.length).toBeGreaterThan(2);
    expect(deltas.join("")).toBe(text);
    expect((await stream.usage).outputTokens).toBe(24);
  });

  it("stops when it is aborted and when its reader leaves", async () => {
    const model = memcubeProvider({ engine }).languageModel();
    const given = { model, prompt: "Go on", maxOutputTokens: 1_500 } as const;
    const controller = new AbortController();
    const aborted = streamText({ ...given, abortSignal: controller.signal, onError: () => {} });
    let seen = 0;
    for await (const _ of aborted.textStream) if (++seen === 3) controller.abort();
    expect(seen).toBeLessThan(50);

    const asked = vi.spyOn(engine, "generate");
    const { stream } = await model.doStream({
      prompt: [{ role: "user", content: [{ type: "text", text: "Go on" }] }],
    });
    const reader = stream.getReader();
    await reader.read();
    await reader.cancel();
    expect(asked.mock.calls.at(-1)?.[1]?.signal?.aborted).toBe(true);
    expect((await generateText({ model, prompt: "Next", maxOutputTokens: 4 })).text).not.toBe("");
  });

  it("calls tools and goes on with their results", async () => {
    const model = memcubeProvider({ engine }).languageModel();
    const called: unknown[] = [];
    const { steps } = await generateText({
      model,
      prompt: "Which color?",
      maxOutputTokens: 100,
      stopWhen: isStepCount(2),
      toolChoice: "required",
      tools: {
        judge: sdkTool({
          description: "Judges",
          inputSchema: verdict,
          execute: (input) => {
            called.push(input);
            return { noted: true };
          },
        }),
      },
    });
    expect(steps.map(({ finishReason }) => finishReason)).toEqual(["tool-calls", "tool-calls"]);
    expect(called).toHaveLength(2);
    expect(verdict.safeParse(called[0]).success).toBe(true);
  });

  it("gives objects of a schema", async () => {
    const model = memcubeProvider({ engine }).languageModel();
    const { output } = await generateText({
      model,
      prompt: "Which color?",
      output: Output.object({ schema: verdict }),
    });
    expect(verdict.parse(output)).toEqual(output);
    const schema = jsonSchema<{ ok: boolean }>({
      type: "object",
      properties: { ok: { type: "boolean" } },
    });
    const second = await generateText({ model, prompt: "Ok?", output: Output.object({ schema }) });
    expect(typeof second.output.ok).toBe("boolean");
  });

  it("warns of what it can't do, and refuses what it can't read", async () => {
    const model = memcubeProvider({ engine }).languageModel();
    const given = { model, maxOutputTokens: 1 } as const;
    const { warnings } = await generateText({ ...given, prompt: "a", frequencyPenalty: 1 });
    expect(warnings).toEqual([{ type: "unsupported", feature: "frequencyPenalty" }]);
    const image = { type: "file", data: new Uint8Array([1]), mediaType: "image/png" } as const;
    const messages = [{ role: "user" as const, content: [image] }];
    await expect(generateText({ ...given, messages, maxRetries: 0 })).rejects.toThrow("image/png");
    const wrong = { memcubeEngine: { loras: [] } };
    const asked = generateText({ ...given, prompt: "a", providerOptions: wrong, maxRetries: 0 });
    await expect(asked).rejects.toMatchObject({ code: "MEMCUBE_INVALID_INPUT" });
  });

  it("knows its models by their ids and kinds", async () => {
    const vectors = await llamaEngine({
      model: await tinyModel({ architecture: "qwen3", purpose: "embed" }),
      threads: 1,
    });
    const ranks = await llamaEngine({
      model: await tinyModel({ architecture: "qwen3", purpose: "rerank" }),
      threads: 1,
    });
    const provider = memcubeProvider({ engines: { chat: engine, vectors, ranks } });
    expect(provider.languageModel("chat").modelId).toBe("chat");
    expect(() => provider.languageModel("vectors")).toThrow(/vectors/);
    expect(() => provider.imageModel("chat")).toThrow(/chat/);

    const values = ["tea in Paris", "animals", "tea in Paris"];
    const { embeddings, usage } = await embedMany({ model: provider.embeddingModel(), values });
    expect(embeddings).toHaveLength(3);
    expect(embeddings[0]).toEqual(embeddings[2]);
    expect(usage.tokens).toBe(values.reduce((sum, text) => sum + vectors.count(text), 0));

    const documents = ["about tea", "about animals and food", "x"];
    const ranked = await rerank({
      model: provider.rerankingModel(),
      documents,
      query: "tea",
      topN: 2,
    });
    const scores = await ranks.rerank("tea", documents);
    const best = scores.indexOf(Math.max(...scores));
    expect(ranked.ranking).toHaveLength(2);
    expect(ranked.ranking[0]).toMatchObject({ originalIndex: best, score: scores[best] });
    await vectors.close();
    await ranks.close();
  });
});

describe("the LangChain model", () => {
  it("streams what it generates, with usage at the end", async () => {
    const model = new ChatMemCube({ engine, maxTokens: 24 });
    const whole = await model.invoke("Who lives in Paris?");
    const chunks = [];
    for await (const chunk of await model.stream("Who lives in Paris?")) chunks.push(chunk);
    const joined = chunks.reduce((sum, chunk) => sum.concat(chunk));
    expect(chunks.length).toBeGreaterThan(3);
    expect(joined.text).toBe(whole.text);
    expect(joined.usage_metadata?.output_tokens).toBe(24);
  });

  it("stops when it is aborted", async () => {
    const model = new ChatMemCube({ engine, maxTokens: 1_500 });
    const controller = new AbortController();
    let seen = 0;
    const reading = (async () => {
      for await (const _ of await model.stream(ask, { signal: controller.signal })) {
        if (++seen === 3) controller.abort();
      }
    })();
    await expect(reading).rejects.toThrow(/abort/i);
    expect(seen).toBeLessThan(50);
  });

  it("binds tools, and an agent calls them", async () => {
    const called: unknown[] = [];
    const judge = tool(
      (input: z.infer<typeof verdict>) => {
        called.push(input);
        return "noted";
      },
      { name: "judge", description: "Judges", schema: verdict },
    );
    const model = new ChatMemCube({ engine, maxTokens: 100 });
    const bound = model.bindTools([judge], { tool_choice: "any" });
    const answer = await bound.invoke("Which color?");
    expect(answer.tool_calls).toHaveLength(1);
    expect(verdict.parse(answer.tool_calls?.[0]?.args)).toBeDefined();
    expect(answer.response_metadata).toMatchObject({ finish_reason: "tool-calls" });
    const result = await judge.invoke({ ...answer.tool_calls?.[0], type: "tool_call" } as never);
    const next = await model
      .bindTools([judge])
      .invoke([new HumanMessage("Which color?"), answer, result], { maxTokens: 4 });
    expect(next.usage_metadata?.output_tokens).toBeLessThanOrEqual(4);
    expect(called).toHaveLength(1);

    const agent = createAgent({ model, tools: [judge], systemPrompt: system });
    const state = await agent.invoke({ messages: [new HumanMessage("Which color?")] });
    expect(state.messages.at(-1)?.type).toBe("ai");
  });

  it("gives objects of a schema, with or without the raw message", async () => {
    const model = new ChatMemCube({ engine });
    const answer = await model.withStructuredOutput(verdict).invoke("Which color?");
    expect(verdict.parse(answer)).toEqual(answer);
    const raw = model.withStructuredOutput(verdict, { includeRaw: true });
    const both = await raw.invoke("Which color?");
    expect(both.parsed).toEqual(answer);
    expect(both.raw.type).toBe("ai");
    const cut = new ChatMemCube({ engine, maxTokens: 2 }).withStructuredOutput(verdict);
    await expect(cut.invoke("Which color?")).rejects.toThrow("no whole JSON");
  });

  it("counts tokens with the engine, and refuses what it can't read", async () => {
    const model = new ChatMemCube({ engine });
    expect(await model.getNumTokens("tea in Paris")).toBe(engine.count("tea in Paris"));
    const image = { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } };
    const asked = model.invoke([new HumanMessage({ content: [image] })]);
    await expect(asked).rejects.toMatchObject({ code: "MEMCUBE_NOT_SUPPORTED" });
  });
});
