/** The llama.cpp engine on tiny generated models: mechanics and exactness; what it says is noise. */
import { setTimeout } from "node:timers/promises";
import type { Engine, EngineRequest } from "@memcube/core";
import { llamaEngine } from "@memcube/llama";
import { tinyModel } from "@memcube/llama/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { collect, facts, question } from "./collect.ts";

const weather = {
  name: "weather",
  description: "The weather in a city",
  parameters: {
    type: "object",
    properties: { city: { enum: ["Paris", "Rome"] }, tomorrow: { type: "boolean" } },
    required: ["city", "tomorrow"],
  },
};
const clock = { name: "clock", parameters: { type: "object", properties: {} } };

describe.each(["llama", "qwen2", "qwen3"] as const)("a %s model", (architecture) => {
  let engine: Engine;
  beforeAll(async () => {
    const model = await tinyModel({ architecture });
    engine = await llamaEngine({ model, threads: 1, contextSize: 2_048 });
  });
  afterAll(async () => {
    await engine.close();
  });

  it("says what it is", () => {
    expect(engine.model).toMatchObject({ architecture, contextTokens: 2_048 });
    expect(engine.model.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(engine.capabilities).toEqual({
      generate: true,
      tools: true,
      jsonSchema: true,
      lora: true,
      promptCache: "process",
      rerank: false,
    });
  });

  it("gives the same greedy text with and without the state of before", async () => {
    const cold = await collect(engine, question("What is fact 3?", { cachePrompt: false }));
    const first = await collect(engine, question("What is fact 3?"));
    const second = await collect(engine, question("What is fact 3?"));
    const { promptTokens } = cold.usage;
    expect(promptTokens).toBeGreaterThan(768);
    expect(cold.text).not.toBe("");
    expect([first.text, second.text]).toEqual([cold.text, cold.text]);
    expect([cold, first, second].map(({ usage }) => usage)).toEqual([
      { promptTokens, cachedTokens: 0, writtenTokens: 0, outputTokens: 16 },
      { promptTokens, cachedTokens: 0, writtenTokens: 768, outputTokens: 16 },
      { promptTokens, cachedTokens: 768, writtenTokens: 0, outputTokens: 16 },
    ]);
  });

  it("goes on from what two prompts share, wherever they part", async () => {
    const asked = ["Who lives in Paris?", "What is green?", facts(20, "color")];
    for (const text of asked) {
      const cold = await collect(engine, question(text, { cachePrompt: false }));
      await collect(engine, question("Something else"));
      const warm = await collect(engine, question(text));
      expect(warm.usage.cachedTokens).toBe(768);
      expect(warm.text).toBe(cold.text);
    }
  });
});

describe("the engine", () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await llamaEngine({ model: await tinyModel(), threads: 1, contextSize: 2_048 });
  });
  afterAll(async () => {
    await engine.close();
  });

  it("calls a required tool with arguments of its schema, and goes on after its result", async () => {
    const request = question("Weather in Rome?", {
      tools: [weather, clock],
      toolChoice: { name: "weather" },
      sampling: { maxTokens: 200 },
    });
    const { calls, reason } = await collect(engine, request);
    expect(reason).toBe("tool-calls");
    expect(calls).toHaveLength(1);
    const [call] = calls;
    expect(call?.name).toBe("weather");
    expect(["Paris", "Rome"]).toContain(call?.arguments["city"]);
    expect(typeof call?.arguments["tomorrow"]).toBe("boolean");

    const { call: again } = { call: (await collect(engine, request)).calls[0] };
    expect(again).toEqual(call);
    const next = await collect(engine, {
      ...request,
      toolChoice: "auto",
      messages: [
        ...request.messages,
        { role: "assistant", text: "", toolCalls: calls },
        { role: "tool", callId: call?.id ?? "", result: { celsius: 21 } },
      ],
      sampling: { maxTokens: 8 },
    });
    expect(next.usage.cachedTokens).toBeGreaterThanOrEqual(768);
    expect(next.usage.outputTokens).toBeLessThanOrEqual(8);
  });

  it("calls a tool without parameters when any is required", async () => {
    const { calls } = await collect(
      engine,
      question("Time?", { tools: [clock], toolChoice: "required", sampling: { maxTokens: 100 } }),
    );
    expect(calls.map(({ name, arguments: given }) => ({ name, given }))).toEqual([
      { name: "clock", given: {} },
    ]);
  });

  it("holds an answer to a JSON schema", async () => {
    const schema = {
      type: "object",
      properties: {
        color: { anyOf: [{ const: "red" }, { const: "green" }] },
        sure: { type: "boolean" },
        tags: { type: "array", items: { enum: ["a", "b"] }, minItems: 1, maxItems: 2 },
      },
      required: ["color", "sure", "tags"],
      additionalProperties: false,
    };
    const { text, reason } = await collect(
      engine,
      question("Which?", { responseFormat: { type: "json", schema }, sampling: {} }),
    );
    expect(reason).toBe("stop");
    const answer = JSON.parse(text) as Record<string, unknown>;
    expect(Object.keys(answer)).toEqual(["color", "sure", "tags"]);
    expect(["red", "green"]).toContain(answer["color"]);
  });

  it("samples the same text for the same seed, another for another", async () => {
    const at = async (seed: number) => {
      const sampling = { temperature: 2, seed, maxTokens: 24 };
      return (await collect(engine, question("Say something", { sampling }))).text;
    };
    const [first, again, other] = [await at(1), await at(1), await at(2)];
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it("ends before a stop text", async () => {
    const sampling = { maxTokens: 40 };
    const { text } = await collect(engine, question("Go on", { sampling }));
    const stop = text.slice(8, 11);
    const stopped = await collect(
      engine,
      question("Go on", { sampling: { ...sampling, stop: [stop] } }),
    );
    expect(stopped.reason).toBe("stop");
    expect(stopped.text).toBe(text.slice(0, text.indexOf(stop)));
  });

  it("stops when the signal does, while it reads and while it writes", async () => {
    const reason = new Error("enough");
    const reading = AbortSignal.abort(reason);
    await expect(collect(engine, question("Go on"), reading)).rejects.toBe(reason);

    const writing = new AbortController();
    const request = question("Go on", { sampling: { maxTokens: 1_000 }, cachePrompt: false });
    let parts = 0;
    const run = (async () => {
      for await (const _ of engine.generate(request, { signal: writing.signal })) {
        if (++parts === 3) writing.abort(reason);
      }
    })();
    await expect(run).rejects.toBe(reason);
    expect(parts).toBeLessThan(50);
  });

  it("stops when its reader leaves, and serves the next one", async () => {
    for await (const part of engine.generate(question("Go on", { sampling: {} }))) {
      expect(part.type).toBe("text");
      break;
    }
    const { text } = await collect(engine, question("And now?"));
    expect(text).not.toBe("");
  });

  it("gives everybody the same answers, however many ask at once", async () => {
    const asked = ["Who?", "What is fact 9?", "Where does Alice live?", facts(30, "animal")];
    const alone: string[] = [];
    for (const text of asked) {
      alone.push((await collect(engine, question(text, { cachePrompt: false }))).text);
    }
    const together = await Promise.all(asked.map((text) => collect(engine, question(text))));
    expect(together.map(({ text }) => text)).toEqual(alone);
  });

  it("shares states within a scope only", async () => {
    const own = (cacheScope: string): Promise<number> =>
      collect(engine, question("Who?", { cacheScope })).then(({ usage }) => usage.cachedTokens);
    expect(await own("tenant-a")).toBe(0);
    expect(await own("tenant-b")).toBe(0);
    expect(await own("tenant-b")).toBe(768);
  });

  it("counts tokens, and takes markup in a text for text", () => {
    expect(engine.count("")).toBe(0);
    const tokens = engine.tokenize("<|im_end|>");
    expect(tokens.length).toBeGreaterThan(1);
    expect(engine.count("<|im_end|>")).toBe(tokens.length);
  });

  it("says what is wrong with a request", async () => {
    const wrong = async (more: Partial<EngineRequest>): Promise<unknown> =>
      collect(engine, question("?", more)).then(
        () => "accepted",
        (error: unknown) => (error as { code?: string }).code,
      );
    expect(await wrong({ messages: [] })).toBe("MEMCUBE_INVALID_INPUT");
    expect(await wrong({ sampling: { temperature: -1 } })).toBe("MEMCUBE_INVALID_INPUT");
    const call = { id: "1", name: "clock", arguments: {} };
    const unanswered = { role: "assistant", text: "", toolCalls: [call] } as const;
    expect(await wrong({ messages: [unanswered] })).toBe("MEMCUBE_INVALID_INPUT");
    const orphan = { role: "tool", callId: "2", result: 1 } as const;
    expect(await wrong({ messages: [orphan] })).toBe("MEMCUBE_INVALID_INPUT");
    expect(await wrong({ toolChoice: "required" })).toBe("MEMCUBE_INVALID_INPUT");
    expect(await wrong({ lora: [{ id: "x" }] })).toBe("MEMCUBE_LORA_INVALID");
    const json = { type: "json", schema: { not: {} } } as const;
    expect(await wrong({ responseFormat: json })).toBe("MEMCUBE_NOT_SUPPORTED");
    expect(await wrong({ responseFormat: { type: "json" }, tools: [clock] })).toBe(
      "MEMCUBE_NOT_SUPPORTED",
    );
    expect(await wrong({ messages: [{ role: "user", text: facts(200) }] })).toBe(
      "MEMCUBE_LIMIT_EXCEEDED",
    );
    await expect(engine.embed(["a"])).rejects.toMatchObject({ code: "MEMCUBE_NOT_SUPPORTED" });
    await expect(engine.rerank("a", ["b"])).rejects.toMatchObject({
      code: "MEMCUBE_NOT_SUPPORTED",
    });
  });

  it("ends with length where the context does", async () => {
    const small = await llamaEngine({ model: await tinyModel(), threads: 1, contextSize: 256 });
    const messages = [{ role: "user", text: "Tell me all" }] as const;
    const { reason, usage } = await collect(small, {
      messages,
      sampling: { temperature: 3, seed: 4 },
    });
    expect(["length", "stop"]).toContain(reason);
    expect(usage.promptTokens + usage.outputTokens).toBeLessThanOrEqual(256);
    await small.close();
  });
});

describe("closing", () => {
  it("lets a running answer end, refuses new ones, and may be done twice", async () => {
    const engine = await llamaEngine({ model: await tinyModel(), threads: 1, contextSize: 2_048 });
    const running = collect(engine, question("Go on", { sampling: { maxTokens: 100 } }));
    await setTimeout(5);
    const closing = engine.close();
    await expect(collect(engine, question("Late"))).rejects.toMatchObject({
      code: "MEMCUBE_CLOSED",
    });
    expect((await running).usage.outputTokens).toBeGreaterThan(0);
    await closing;
    await engine.close();
    expect(() => engine.count("a")).toThrow(expect.objectContaining({ code: "MEMCUBE_CLOSED" }));
  });

  it("ends an answer that takes too long", async () => {
    const model = await tinyModel();
    const engine = await llamaEngine({ model, threads: 1, contextSize: 8_192, closeGraceMs: 20 });
    const sampling = { temperature: 5, seed: 1, maxTokens: 8_000 };
    const running = collect(engine, question("Go on", { sampling }));
    const failed = running.catch((error: unknown) => error);
    await setTimeout(5);
    await engine.close();
    expect(await failed).toMatchObject({ code: "MEMCUBE_CLOSED" });
  });

  it("leaves another engine alone", async () => {
    const model = await tinyModel();
    const [one, other] = await Promise.all([
      llamaEngine({ model, threads: 1, contextSize: 2_048 }),
      llamaEngine({ model, threads: 1, contextSize: 2_048 }),
    ]);
    const { text } = await collect(one, question("Who?"));
    await one.close();
    expect((await collect(other, question("Who?"))).text).toBe(text);
    await other.close();
  });
});

describe("models for vectors", () => {
  it("embeds to length 1, alike texts alike", async () => {
    const model = await tinyModel({ architecture: "qwen3", purpose: "embed" });
    const engine = await llamaEngine({
      model,
      threads: 1,
      embeddingPrefix: { query: "query: " },
    });
    expect(engine.capabilities).toMatchObject({ generate: false, embed: { dimensions: 128 } });
    const texts = ["the user likes tea", "the user likes tea", "green animals", "", facts(300)];
    const vectors = await engine.embed(texts);
    expect(vectors.map(({ length }) => length)).toEqual([128, 128, 128, 128, 128]);
    for (const vector of vectors) expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    expect(vectors[0]).toEqual(vectors[1]);
    expect(vectors[0]).not.toEqual(vectors[2]);
    const [query] = await engine.embed(["the user likes tea"], { purpose: "query" });
    expect(query).not.toEqual(vectors[0]);
    const stopped = engine.embed(texts, { signal: AbortSignal.abort(new Error("no")) });
    await expect(stopped).rejects.toThrow("no");
    await engine.close();
  });

  it("ranks documents, also ones longer than the context", async () => {
    const model = await tinyModel({ architecture: "qwen3", purpose: "rerank" });
    const engine = await llamaEngine({ model, threads: 1 });
    expect(engine.capabilities).toMatchObject({ generate: false, rerank: true });
    const documents = ["tea and cities", "animals", facts(200)];
    const scores = await engine.rerank("tea", documents);
    expect(scores).toHaveLength(3);
    for (const score of scores) expect(score > 0 && score < 1).toBe(true);
    expect(new Set(scores).size).toBe(3);
    expect(await engine.rerank("tea", [...documents].reverse())).toEqual([...scores].reverse());
    const refused = collect(engine, question("?"));
    await expect(refused).rejects.toMatchObject({ code: "MEMCUBE_NOT_SUPPORTED" });
    await engine.close();
  });
});
