import { generateText, isStepCount, streamText, tool, type ToolSet } from "ai";
import { convertArrayToReadableStream, MockEmbeddingModelV4, MockLanguageModelV4 } from "ai/test";
import { embedderFrom, memcubeModel, memcubeTools } from "@memcube/ai-sdk";
import { createMemOS, MEMORY_TOOL_NAMES } from "@memcube/core";
import { memoryStorage } from "@memcube/core/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";

import { emptyOS, turnsOf } from "./remembered.ts";
import { calls, says, streamed } from "./scripted-model.ts";

describe("memcubeTools", () => {
  it("lets a model note, find, correct and forget", async () => {
    const os = emptyOS();
    const scope = { caller: { userId: "ada" } };
    const found: { memories: { id: string; text: string }[] }[] = [];
    const search = calls("search_memory", { query: "Which tea does Ada like?" });
    const model = new MockLanguageModelV4({
      doGenerate: async ({ prompt }) => {
        await Promise.resolve();
        const last = prompt.at(-1);
        const part = last?.role === "tool" ? last.content[0] : undefined;
        const output = part?.type === "tool-result" ? part.output : undefined;
        const value = output?.type === "json" ? output.value : undefined;
        const asked = JSON.stringify(prompt[0]);
        if (value === undefined) {
          return asked.includes("note")
            ? calls("add_memory", { text: "Ada likes green tea", kind: "preference" })
            : search;
        }
        if (part?.type === "tool-result" && part.toolName === "search_memory") {
          found.push(value as never);
          const id = found.at(-1)?.memories[0]?.id ?? "";
          if (asked.includes("correct")) {
            return calls("correct_memory", { id, text: "Ada likes black tea" }, "call-2");
          }
          if (asked.includes("forget")) return calls("forget_memory", { id }, "call-2");
        }
        return says("done");
      },
    });
    const tools = memcubeTools({ os, scope });
    const ask = async (prompt: string) =>
      await generateText({ model, prompt, tools, stopWhen: isStepCount(4) });
    const { steps } = await ask("note it");
    expect(steps[0]?.toolResults[0]?.output).toMatchObject({ isNew: true });
    await ask("correct it");
    await ask("search it");
    expect(found.map(({ memories }) => memories[0]?.text)).toEqual([
      "Ada likes green tea",
      "Ada likes black tea",
    ]);
    await ask("forget it");
    await ask("search it");
    expect(found.at(-1)?.memories).toEqual([]);
    const cube = await os.as({ userId: "ada" }).cube("user:ada");
    const through: (string | undefined)[] = [];
    for await (const { actor } of cube.log()) through.push(actor.via);
    expect(new Set(through)).toEqual(new Set(["ai-sdk"]));
  });

  it("asks a scope function with each call, so that one set serves all users", async () => {
    const os = emptyOS();
    const tools = memcubeTools({
      os,
      scope: ({ context }) => ({ caller: { userId: String(context) } }),
      only: ["add_memory"],
    });
    expect(Object.keys(tools)).toEqual(["add_memory"]);
    const options = { toolCallId: "1", messages: [] };
    await tools.add_memory.execute({ text: "likes tea" }, { ...options, context: "ada" });
    await tools.add_memory.execute({ text: "likes coffee" }, { ...options, context: "bob" });
    expect(await turnsOf(os, "ada")).toEqual([expect.stringContaining("likes tea")]);
    expect(await turnsOf(os, "bob")).toEqual([expect.stringContaining("likes coffee")]);
  });

  it("work on the cube of their scope", async () => {
    const os = emptyOS();
    const team = await os.as({ userId: "ada" }).createCube("team");
    const { add_memory: add } = memcubeTools({
      os,
      scope: { caller: { userId: "ada" }, cube: "team" },
    });
    await add.execute({ text: "The office is in Oslo" }, { toolCallId: "1", messages: [] });
    expect((await team.list()).items).toHaveLength(1);
  });

  it("stand beside an application's own tools, each with description and schema", async () => {
    const tools = {
      ...memcubeTools({ os: emptyOS() }),
      weather: tool({ inputSchema: z.object({ city: z.string() }), execute: () => "22" }),
    } satisfies ToolSet;
    const model = new MockLanguageModelV4({ doGenerate: says("ok") });
    await generateText({ model, prompt: "hi", tools });
    const seen = model.doGenerateCalls[0]?.tools ?? [];
    expect(seen.map(({ name }) => name)).toEqual([...MEMORY_TOOL_NAMES, "weather"]);
    expect(seen[0]).toMatchObject({
      description: expect.stringMatching(/memor/),
      inputSchema: { type: "object", properties: { query: { type: "string" } } },
    });
  });

  it("tell a model of what it can mend, and the application of the rest", async () => {
    const os = emptyOS();
    const { forget_memory: forget } = memcubeTools({ os });
    const options = { toolCallId: "1", messages: [] };
    expect(await forget.execute({ id: "none" }, options)).toMatchObject({
      code: expect.any(String),
    });
    const abortSignal = AbortSignal.abort(new Error("stop"));
    await expect(forget.execute({ id: "none" }, { ...options, abortSignal })).rejects.toThrow(
      "stop",
    );
    await os.close();
    await expect(forget.execute({ id: "none" }, options)).rejects.toMatchObject({
      code: "MEMCUBE_CLOSED",
    });
  });
});

describe("memcubeModel", () => {
  it("is a model with memory in one line", async () => {
    const os = emptyOS();
    const base = new MockLanguageModelV4({
      provider: "p",
      modelId: "m",
      supportedUrls: { "image/*": [/x/] },
      doGenerate: says("Noted."),
      doStream: { stream: convertArrayToReadableStream(streamed(["Turin"])) },
    });
    const model = memcubeModel(base, { os, scope: { caller: { userId: "ada" } } });
    expect([model.provider, model.modelId]).toEqual(["p", "m"]);
    expect(await model.supportedUrls).toEqual({ "image/*": [/x/] });
    await generateText({ model, prompt: "I live in Turin" });
    expect(await streamText({ model, prompt: "Where do I live?" }).text).toBe("Turin");
    expect(JSON.stringify(base.doStreamCalls[0]?.prompt)).toContain("I live in Turin");
    expect(await turnsOf(os, "ada")).toHaveLength(4);
  });

  it("refuses options that are none", () => {
    const base = new MockLanguageModelV4({});
    for (const options of [{}, { os: {} }, { os: emptyOS(), budget: 3 }]) {
      expect(() => memcubeModel(base, options as never)).toThrow(
        expect.objectContaining({ code: "MEMCUBE_INVALID_INPUT" }),
      );
    }
  });
});

describe("embedderFrom", () => {
  it("searches by meaning with an embedding model of the AI SDK", async () => {
    const sea = ["ocean", "sea", "harbour"];
    const model = new MockEmbeddingModelV4({
      provider: "p",
      modelId: "m",
      maxEmbeddingsPerCall: 2,
      doEmbed: async ({ values }) =>
        await Promise.resolve({
          embeddings: values.map((value) =>
            sea.some((word) => value.includes(word)) ? [1, 0, 0] : [0, 1, 0],
          ),
          warnings: [],
        }),
    });
    const embedder = embedderFrom(model, {
      dimensions: 3,
      queryOptions: { p: { kind: "query" } },
      documentOptions: { p: { kind: "document" } },
    });
    expect(embedder).toMatchObject({ model: "p/m/3", dimensions: 3 });
    const os = createMemOS({ storage: memoryStorage(), embedder });
    const cube = await os.as({ userId: "ada" }).cube("user:ada");
    const added = await cube.add(["The ocean was calm", "The train was late", "Bread is cheap"]);
    await added.settled();
    const { hits } = await cube.search("harbour life");
    expect(hits[0]?.memory.payload).toMatchObject({ text: "The ocean was calm" });
    expect(hits[0]?.why.vector).toBeCloseTo(1);
    expect(model.doEmbedCalls.map(({ values }) => values.length)).toEqual([2, 1, 1]);
    expect(
      model.doEmbedCalls.map(({ providerOptions }) => providerOptions?.["p"]?.["kind"]),
    ).toEqual(["document", "document", "query"]);
    await os.close();
  });

  it("refuses a length that is none", () => {
    expect(() => embedderFrom(new MockEmbeddingModelV4(), { dimensions: 0 })).toThrow("dimensions");
  });
});
