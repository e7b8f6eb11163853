import { subscribe, unsubscribe } from "node:diagnostics_channel";

import {
  APICallError,
  customProvider,
  generateText,
  isStepCount,
  Output,
  streamText,
  tool,
  ToolLoopAgent,
  wrapLanguageModel,
  wrapProvider,
} from "ai";
import { convertArrayToReadableStream, MockLanguageModelV3, MockLanguageModelV4 } from "ai/test";
import { memcubeMiddleware } from "@memcube/ai-sdk";
import { createMemOS } from "@memcube/core";
import { memoryStorage } from "@memcube/core/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";

import { emptyOS, eventually, remembering, turnsOf } from "./remembered.ts";
import { calls, pulledSource, says, STOP, streamed, usage } from "./scripted-model.ts";

const ada = { memcube: { userId: "ada", sessionId: "s1" } };

describe("recall", () => {
  it("places what is known: standing knowledge in the system message, the rest at the question", async () => {
    const os = emptyOS();
    const cube = await os.as({ userId: "ada" }).cube("user:ada");
    await cube.add({ type: "preference", text: "Ada likes short answers" });
    await cube.add({ role: "user", content: "I moved to Turin in May" }, { sessionId: "s0" });
    const { model, base } = remembering({ doGenerate: says("Turin") }, { os });
    const result = await generateText({
      model,
      instructions: "Be kind.",
      prompt: "Where did I move to?",
      providerOptions: { ...ada, openai: { user: "u" } },
    });
    const [call] = base.doGenerateCalls;
    expect(call?.prompt).toEqual([
      {
        role: "system",
        content: expect.stringMatching(/^Be kind\.\n\nWhat is known[^]*likes short answers$/),
      },
      {
        role: "user",
        content: [
          { type: "text", text: expect.stringMatching(/^From memory[^]*Turin in May\n\n$/) },
          { type: "text", text: "Where did I move to?" },
        ],
        providerOptions: undefined,
      },
    ]);
    expect(call?.providerOptions).toEqual({ openai: { user: "u" } });
    expect(result.finalStep.providerMetadata?.["memcube"]).toMatchObject({
      hits: [{ cubeId: "user:ada", id: expect.any(String), score: expect.any(Number) }],
      tokens: { stable: expect.any(Number), volatile: expect.any(Number) },
      saved: [expect.any(String), expect.any(String)],
    });
  });

  it("makes a system message for standing knowledge where there is none", async () => {
    const os = emptyOS();
    const cube = await os.as({ userId: "local" }).cube("user:local");
    await cube.add({ type: "preference", text: "Answers in French" });
    const { model, base } = remembering({ doGenerate: says("Oui") }, { os });
    await generateText({ model, prompt: "Well?" });
    expect(base.doGenerateCalls[0]?.prompt.map(({ role }) => role)).toEqual(["system", "user"]);
  });

  it("gives every step of a tool loop the same blocks, so that prompt caches hold", async () => {
    const os = emptyOS();
    const cube = await os.as({ userId: "ada" }).cube("user:ada");
    await cube.add({ role: "user", content: "My sister Iris lives in Oslo" }, { sessionId: "s0" });
    const { model, base } = remembering(
      { doGenerate: [calls("weather", { city: "Oslo" }), says("22 degrees")] },
      { os },
    );
    await generateText({
      model,
      prompt: "How is the weather where Iris lives?",
      tools: {
        weather: tool({ inputSchema: z.object({ city: z.string() }), execute: () => "22" }),
      },
      stopWhen: isStepCount(5),
      providerOptions: ada,
    });
    const [first, second] = base.doGenerateCalls.map(({ prompt }) => prompt);
    expect(JSON.stringify(first)).toContain("Iris lives in Oslo");
    expect(second?.slice(0, first?.length)).toEqual(first);
    expect(second?.map(({ role }) => role)).toEqual(["user", "assistant", "tool"]);
  });

  it("keeps users apart", async () => {
    const { model, base, os } = remembering({
      doGenerate: [says("Noted."), says("No idea."), says("No idea.")],
    });
    const ask = async (userId: string, prompt: string) =>
      await generateText({ model, prompt, providerOptions: { memcube: { userId } } });
    await ask("ada", "The code of my bicycle lock is 4711");
    await ask("bob", "What is the code of the bicycle lock?");
    await ask("ada", "What is the code of the bicycle lock?");
    const prompts = base.doGenerateCalls.map(({ prompt }) => JSON.stringify(prompt));
    expect(prompts.map((prompt) => prompt.includes("4711"))).toEqual([true, false, true]);
    expect(await turnsOf(os, "bob")).toEqual([
      "user: What is the code of the bicycle lock?",
      "assistant: No idea.",
    ]);
  });

  it("sets a cache key for OpenAI that tells nothing, and respects one that is there", async () => {
    const os = emptyOS();
    const cube = await os.as({ userId: "ada" }).cube("user:ada");
    await cube.add({ type: "preference", text: "Metric units" });
    const { model, base } = remembering(
      { provider: "openai.responses", doGenerate: says("ok") },
      { os },
    );
    const ask = async (
      providerOptions: NonNullable<Parameters<typeof generateText>[0]["providerOptions"]>,
    ) => {
      await generateText({ model, prompt: "Hi", providerOptions });
      return base.doGenerateCalls.at(-1)?.providerOptions;
    };
    const first = await ask(ada);
    expect(first).toEqual({
      openai: { promptCacheKey: expect.stringMatching(/^memcube-\w{32}$/) },
    });
    expect(await ask(ada)).toEqual(first);
    const own = { openai: { promptCacheKey: "mine", user: "u" } };
    expect(await ask({ ...ada, ...own })).toEqual(own);
    const elsewhere = remembering({ doGenerate: says("ok") }, { os });
    await generateText({ model: elsewhere.model, prompt: "Hi", providerOptions: ada });
    expect(elsewhere.base.doGenerateCalls[0]?.providerOptions).toBeUndefined();
  });

  it("finds what the answer before it said, however soon it is asked", async () => {
    const { model, base } = remembering({
      doStream: [
        { stream: convertArrayToReadableStream(streamed(["Noted", "."])) },
        { stream: convertArrayToReadableStream(streamed(["4711"])) },
      ],
    });
    for (const prompt of ["The code of my lock is 4711", "Which code has my lock?"]) {
      const result = streamText({ model, prompt });
      for await (const _ of result.textStream);
    }
    expect(JSON.stringify(base.doStreamCalls[1]?.prompt)).toContain("4711");
  });

  it("takes whose memory it is from a scope function", async () => {
    const seen: unknown[] = [];
    const { model, os } = remembering(
      { provider: "p", modelId: "m", doGenerate: says("hello") },
      {
        scope: (request) => {
          seen.push(request);
          return { caller: { userId: request.headers?.["x-user"] ?? "nobody" }, sessionId: "s" };
        },
      },
    );
    await generateText({ model, prompt: "hi", headers: { "x-user": "cleo" } });
    expect(seen[0]).toMatchObject({ provider: "p", modelId: "m", headers: { "x-user": "cleo" } });
    expect(await turnsOf(os, "cleo", "s")).toEqual(["user: hi", "assistant: hello"]);
  });
});

describe("historyTokens", () => {
  const talk = Array.from({ length: 40 }, (_, index) => [
    {
      role: "user" as const,
      content: `Fact ${index}: the colour of box ${index} is shade ${index}`,
    },
    { role: "assistant" as const, content: `Noted, box ${index}.` },
  ]).flat();
  const last = { role: "user" as const, content: "What is the colour of box 17?" };

  it("cuts a long conversation, keeps its end, and still remembers all of it", async () => {
    const os = emptyOS();
    await os.as({ userId: "ada" }).absorb({ sessionId: "s1", turns: talk });
    const { model, base } = remembering(
      { doGenerate: says("shade 17") },
      { os, historyTokens: 300, budgetTokens: 200 },
    );
    const messages = [...talk, last];
    const { finalStep } = await generateText({
      model,
      instructions: "Be brief.",
      messages,
      providerOptions: ada,
    });
    const prompt = base.doGenerateCalls[0]?.prompt ?? [];
    expect(prompt.length).toBeLessThan(30);
    expect(prompt[0]).toMatchObject({
      role: "system",
      content: expect.stringMatching(/^Be brief/),
    });
    expect(prompt.at(-1)?.content.at(-1)).toMatchObject({ type: "text", text: last.content });
    expect(JSON.stringify(prompt)).toContain("shade 38");
    expect(prompt[0]?.content).toContain("Earlier in this conversation");
    // Long cut off, and recalled.
    expect(JSON.stringify(prompt.at(-1))).toContain("box 17 is shade 17");
    expect(finalStep.providerMetadata?.["memcube"]).toMatchObject({
      history: { before: expect.any(Number), after: expect.any(Number) },
    });
  });

  it("leaves one that fits as it is", async () => {
    const { model, base } = remembering(
      { doGenerate: says("ok") },
      { historyTokens: 100_000, budgetTokens: 0 },
    );
    await generateText({ model, messages: [...talk, last], providerOptions: ada });
    expect(base.doGenerateCalls[0]?.prompt).toHaveLength(81);
  });
});

describe("telemetry", () => {
  it("tells of recall and save, and of no text", async () => {
    const heard: [string | symbol, unknown][] = [];
    const listen = (event: unknown, name: string | symbol) => void heard.push([name, event]);
    for (const name of ["recall", "save"]) subscribe(`memcube:ai-sdk:${name}`, listen);
    const { model } = remembering({ doGenerate: says("secret answer") });
    await generateText({ model, prompt: "secret question", providerOptions: ada });
    for (const name of ["recall", "save"]) unsubscribe(`memcube:ai-sdk:${name}`, listen);
    const place = { tenantId: "default", cubeId: "user:ada", ms: expect.any(Number) };
    expect(heard).toEqual([
      ["memcube:ai-sdk:recall", { ...place, hits: 0, tokens: 0 }],
      ["memcube:ai-sdk:save", { ...place, added: 2, ended: "finished" }],
    ]);
  });
});

describe("what is kept", () => {
  it("is the question and the answer, with who, where and through what", async () => {
    const { model, os } = remembering({ doGenerate: says("hello") });
    await generateText({ model, instructions: "Be brief", prompt: "hi", providerOptions: ada });
    expect(await turnsOf(os, "ada", "s1")).toEqual(["user: hi", "assistant: hello"]);
    const cube = await os.as({ userId: "ada" }).cube("user:ada");
    const through: unknown[] = [];
    for await (const { actor } of cube.log()) through.push([actor.userId, actor.via]);
    expect(through).toEqual([
      ["ada", "ai-sdk"],
      ["ada", "ai-sdk"],
      ["ada", "ai-sdk"],
    ]);
  });

  it("is one exchange for a whole tool loop", async () => {
    const { model, os, base } = remembering({
      doGenerate: [calls("weather", { city: "Oslo" }), calls("weather", {}, "2"), says("22")],
    });
    await generateText({
      model,
      prompt: "weather?",
      tools: { weather: tool({ inputSchema: z.object({}), execute: () => "22" }) },
      stopWhen: isStepCount(5),
      providerOptions: ada,
    });
    expect(base.doGenerateCalls).toHaveLength(3);
    expect(await turnsOf(os, "ada")).toEqual(["user: weather?", "assistant: 22"]);
  });

  it("has the tools in it where that is asked for", async () => {
    const { model, os } = remembering(
      { doGenerate: [calls("weather", { city: "Oslo" }), says("22 degrees")] },
      { keepTools: true },
    );
    await generateText({
      model,
      prompt: "weather?",
      tools: { weather: tool({ inputSchema: z.object({}), execute: () => "warm" }) },
      stopWhen: isStepCount(5),
      providerOptions: ada,
    });
    expect(await turnsOf(os, "ada")).toEqual([
      "user: weather?",
      expect.stringContaining("assistant: weather"),
      "tool: warm",
      "assistant: 22 degrees",
    ]);
  });

  it("is taken once, however often an application sends it", async () => {
    const { model, os } = remembering({ doGenerate: says("hello") });
    const messages = [{ role: "user" as const, content: "hi" }];
    await generateText({ model, messages, providerOptions: ada });
    await generateText({ model, messages, providerOptions: ada });
    expect(await turnsOf(os, "ada")).toEqual(["user: hi", "assistant: hello"]);
    // The same words at another place of the conversation were said again.
    const next = [...messages, { role: "assistant" as const, content: "hello" }, ...messages];
    await generateText({ model, messages: next, providerOptions: ada });
    expect(await turnsOf(os, "ada")).toHaveLength(4);
  });

  it("includes a question whose call failed, once there is an answer", async () => {
    let times = 0;
    const { model, os } = remembering({
      doGenerate: async () => {
        await Promise.resolve();
        times += 1;
        if (times === 1) throw new Error("overloaded");
        return says("hello");
      },
    });
    const first = { role: "user" as const, content: "My name is Ada" };
    const failing = generateText({ model, messages: [first], providerOptions: ada, maxRetries: 0 });
    await expect(failing).rejects.toThrow("overloaded");
    expect(await turnsOf(os, "ada")).toEqual([]);
    const second = { role: "user" as const, content: "Hello?" };
    await generateText({ model, messages: [first, second], providerOptions: ada });
    expect(await turnsOf(os, "ada")).toEqual([
      "user: My name is Ada",
      "user: Hello?",
      "assistant: hello",
    ]);
  });

  it("is kept once when the SDK tries again", async () => {
    let times = 0;
    const { model, os } = remembering({
      doGenerate: async () => {
        await Promise.resolve();
        times += 1;
        if (times === 3) return says("hello");
        throw new APICallError({
          message: "overloaded",
          url: "",
          requestBodyValues: {},
          statusCode: 503,
          responseHeaders: { "retry-after-ms": "1" },
        });
      },
    });
    await generateText({ model, prompt: "hi" });
    expect(times).toBe(3);
    expect(await turnsOf(os)).toEqual(["user: hi", "assistant: hello"]);
  });

  it("is nothing of what memory itself put into the prompt", async () => {
    const { model, os } = remembering({ doGenerate: says("ok") });
    await generateText({ model, prompt: "I like tea", providerOptions: ada });
    await generateText({
      model,
      prompt: "What do I like?",
      providerOptions: { memcube: { ...ada.memcube, sessionId: "s2" } },
    });
    expect(await turnsOf(os, "ada", "s2")).toEqual(["user: What do I like?", "assistant: ok"]);
  });

  it("is nothing when the call says so", async () => {
    const { model, os, base } = remembering({ doGenerate: says("A title") });
    const memcube = { userId: "ada", save: false };
    await generateText({ model, prompt: "Find a title", providerOptions: { memcube } });
    expect(await turnsOf(os, "ada")).toEqual([]);
    await generateText({
      model,
      prompt: "I like tea",
      providerOptions: { memcube: { userId: "ada" } },
    });
    const off = { userId: "ada", recall: false };
    await generateText({ model, prompt: "What do I like?", providerOptions: { memcube: off } });
    expect(JSON.stringify(base.doGenerateCalls[2]?.prompt)).not.toContain("I like tea");
  });

  it("is structured output, too", async () => {
    const { model, os } = remembering({ doGenerate: says('{"city":"Turin"}') });
    const output = Output.object({ schema: z.object({ city: z.string() }) });
    const result = await generateText({ model, prompt: "Which city?", output });
    expect(result.output).toEqual({ city: "Turin" });
    expect(await turnsOf(os)).toEqual(["user: Which city?", 'assistant: {"city":"Turin"}']);
  });

  it("is what was said until an abort", async () => {
    const abort = new AbortController();
    const { stream } = pulledSource(
      streamed(["one ", "two ", "three"]),
      async () => await new Promise((resolve) => setTimeout(resolve, 5)),
    );
    const { model, os } = remembering({ doStream: { stream } });
    const result = streamText({ model, prompt: "count", abortSignal: abort.signal });
    let heard = "";
    for await (const part of result.textStream) {
      heard += part;
      if (heard.includes("two")) abort.abort();
    }
    const turns = await eventually(
      async () => await turnsOf(os),
      (all) => all.length === 2,
    );
    expect(turns).toEqual(["user: count", "assistant: one two "]);
  });

  it("is what was said until a stream broke", async () => {
    const broken = new ReadableStream({
      start(controller) {
        for (const part of streamed(["so far"]).slice(0, 3)) controller.enqueue(part);
      },
      pull(controller) {
        controller.error(new Error("connection lost"));
      },
    });
    const { model, os } = remembering({ doStream: { stream: broken } });
    const result = streamText({ model, prompt: "go on", onError: () => undefined });
    await result.consumeStream({ onError: () => undefined });
    const turns = await eventually(
      async () => await turnsOf(os),
      (all) => all.length === 2,
    );
    expect(turns).toEqual(["user: go on", "assistant: so far"]);
  });

  it("is what was said until a stream broke, also when the OS is closed at once", async () => {
    const storage = memoryStorage();
    const os = createMemOS({ storage });
    const parts = streamed(["so far"]).slice(0, 3);
    const broken = { type: "error" as const, error: new Error("connection lost") };
    const stream = convertArrayToReadableStream([...parts, broken]);
    const { model } = remembering({ doStream: { stream } }, { os });
    const result = streamText({ model, prompt: "go on", onError: () => undefined });
    await result.consumeStream({ onError: () => undefined });
    await os.close();
    const next = createMemOS({ storage: memoryStorage({ from: storage.data }) });
    expect(await turnsOf(next)).toEqual(["user: go on", "assistant: so far"]);
    await next.close();
  });

  it("is nothing of an attempt that the SDK gave up and made again", async () => {
    const attempts = [
      [...streamed(["Hel"]).slice(0, 3), { type: "error" as const, error: { isRetryable: true } }],
      streamed(["Hello"]),
    ];
    const { model, os, base } = remembering({
      doStream: attempts.map((parts) => ({ stream: convertArrayToReadableStream(parts) })),
    });
    const result = streamText({ model, prompt: "hi", streamRetries: 1, onError: () => undefined });
    await result.consumeStream();
    expect(base.doStreamCalls).toHaveLength(2);
    expect(await turnsOf(os)).toEqual(["user: hi", "assistant: Hello"]);
  });

  it("is each of many answers at the same time", async () => {
    const { model, os } = remembering({
      doStream: async ({ prompt }) => {
        await Promise.resolve();
        const asked = JSON.stringify(prompt.at(-1));
        const name = /user-\d+/.exec(asked)?.[0] ?? "";
        return { stream: convertArrayToReadableStream(streamed(["hello ", name])) };
      },
    });
    const users = Array.from({ length: 20 }, (_, index) => `user-${index}`);
    await Promise.all(
      users.map(async (userId) => {
        const providerOptions = { memcube: { userId } };
        const result = streamText({ model, prompt: `I am ${userId}`, providerOptions });
        await result.consumeStream();
      }),
    );
    for (const userId of users) {
      expect(await turnsOf(os, userId)).toEqual([
        `user: I am ${userId}`,
        `assistant: hello ${userId}`,
      ]);
    }
  });

  it("does not grow with files; a long text is kept in parts", async () => {
    const { model, os } = remembering({ doGenerate: says("x".repeat(2_000_000)) });
    await generateText({
      model,
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "Look" },
            { type: "file", data: new Uint8Array(3_000_000), mediaType: "image/png" },
          ],
        },
      ],
    });
    const [question, ...parts] = await turnsOf(os);
    expect(question).toBe("user: Look");
    const answer = parts.map((part) => part.replace("assistant: ", "")).join("");
    expect(answer === "x".repeat(2_000_000)).toBe(true);
  });
});

describe("models", () => {
  it("of the versions 2 and 3, of a provider and in an agent", async () => {
    const os = emptyOS();
    const middleware = memcubeMiddleware({ os });
    const v3 = new MockLanguageModelV3({ doGenerate: says("v3") as never });
    // As a provider of AI SDK 5 makes it; the SDK has no mock of it any more.
    const v2 = {
      specificationVersion: "v2",
      provider: "p",
      modelId: "m",
      supportedUrls: {},
      doGenerate: async () =>
        await Promise.resolve({
          content: [{ type: "text", text: "v2" }],
          finishReason: "stop",
          usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 },
          warnings: [],
        }),
    };
    const provider = wrapProvider({
      provider: customProvider({
        languageModels: { a: new MockLanguageModelV4({ doGenerate: says("provider") }) },
      }),
      languageModelMiddleware: middleware,
    });
    await generateText({ model: wrapLanguageModel({ model: v3, middleware }), prompt: "3" });
    await generateText({
      model: wrapLanguageModel({ model: v2 as never, middleware }),
      prompt: "2",
    });
    const agent = new ToolLoopAgent({ model: provider.languageModel("a"), instructions: "x" });
    await agent.generate({ prompt: "a" });
    expect((await turnsOf(os)).filter((turn) => turn.startsWith("assistant"))).toEqual([
      "assistant: v3",
      "assistant: v2",
      "assistant: provider",
    ]);
  });

  it("report through a stream what memory did", async () => {
    const os = emptyOS();
    const cube = await os.as({ userId: "local" }).cube("user:local");
    await cube.add({ role: "user", content: "My dog is called Fido" }, { sessionId: "s0" });
    const { model } = remembering(
      {
        doStream: {
          stream: convertArrayToReadableStream([
            ...streamed(["Fido"]).slice(0, -1),
            { type: "finish", finishReason: STOP, usage, providerMetadata: { p: { a: 1 } } },
          ]),
        },
      },
      { os },
    );
    const result = streamText({ model, prompt: "What is my dog called?" });
    await result.consumeStream();
    expect(await result.finalStep.then(({ providerMetadata }) => providerMetadata)).toEqual({
      p: { a: 1 },
      memcube: {
        hits: [{ cubeId: "user:local", id: expect.any(String), score: expect.any(Number) }],
        tokens: { stable: 0, volatile: expect.any(Number) },
        saved: [expect.any(String), expect.any(String)],
      },
    });
  });
});
