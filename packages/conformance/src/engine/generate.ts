import type { EngineRequest, ErrorCode } from "@memcube/core";

import { assert, rejects } from "../kit/checks.ts";
import { abortsWith, ask, longQuestion } from "./ask.ts";
import { engineRulesOf } from "./engine-rule.ts";

const weather = {
  name: "weather",
  description: "The weather in a city",
  parameters: {
    type: "object",
    properties: { city: { enum: ["Paris", "Rome"] }, tomorrow: { type: "boolean" } },
    required: ["city", "tomorrow"],
  },
} as const;

const refusal = engineRulesOf("answers", {
  "a model that does not answer says so": async ({ engine }) => {
    const asked = ask(engine, longQuestion("Who?"));
    if (engine.capabilities.generate) assert.ok((await asked).usage.outputTokens > 0);
    else await rejects(asked, "MEMCUBE_NOT_SUPPORTED");
  },
});

const answers = engineRulesOf("answers", {
  "an answer counts its tokens and keeps to maxTokens": async ({ engine }) => {
    const { parts, usage, text } = await ask(engine, longQuestion("Who?"));
    const deltas = parts.flatMap((part) => (part.type === "text" ? [part.delta] : []));
    assert.ok(
      deltas.every((delta) => delta !== ""),
      "no empty deltas",
    );
    assert.ok(usage.outputTokens > 0 && usage.outputTokens <= 8, `${usage.outputTokens} tokens`);
    assert.ok(usage.promptTokens > engine.count("Who?"));
    assert.ok(usage.cachedTokens <= usage.promptTokens);
    assert.ok(engine.count(text) <= engine.model.contextTokens);
  },

  "a greedy answer is the same each time, with and without what was kept": async ({ engine }) => {
    const without = await ask(engine, longQuestion("Which is blue?", { cachePrompt: false }));
    const first = await ask(engine, longQuestion("Which is blue?"));
    const again = await ask(engine, longQuestion("Which is blue?"));
    assert.deepEqual([first.text, again.text], [without.text, without.text]);
    assert.equal(without.usage.cachedTokens, 0);
    const kept = engine.capabilities.promptCache !== "none";
    assert.equal(again.usage.cachedTokens > 0, kept, "what was kept shows in the usage");
    assert.ok(again.usage.cachedTokens < again.usage.promptTokens);
  },

  "what was kept is kept for its scope": async ({ engine }) => {
    const cached = async (cacheScope: string): Promise<number> =>
      (await ask(engine, longQuestion("Where?", { cacheScope }))).usage.cachedTokens;
    const scope = `scope-${Date.now()}`;
    await cached(scope);
    assert.equal(await cached(`${scope}-other`), 0);
  },

  "the same seed gives the same text": async ({ engine }) => {
    const sampling = { temperature: 1.5, seed: 7, maxTokens: 16 };
    const [one, two] = [
      await ask(engine, longQuestion("Tell me", { sampling })),
      await ask(engine, longQuestion("Tell me", { sampling })),
    ];
    assert.equal(one.text, two.text);
  },

  "those who ask at a time get the answers they would get alone": async ({ engine }) => {
    const asked = ["One?", "Two?", "Three?"].map((text) => longQuestion(text));
    const alone: string[] = [];
    for (const request of asked) alone.push((await ask(engine, request)).text);
    const together = await Promise.all(asked.map((request) => ask(engine, request)));
    assert.deepEqual(
      together.map(({ text }) => text),
      alone,
    );
  },

  "a required tool is called with arguments of its schema": async ({ engine }) => {
    const request = longQuestion("How is the weather?", {
      tools: [weather],
      toolChoice: "required",
      sampling: { maxTokens: 200 },
    });
    if (!engine.capabilities.tools) {
      return rejects(ask(engine, request), "MEMCUBE_NOT_SUPPORTED");
    }
    const { calls, reason } = await ask(engine, request);
    assert.equal(reason, "tool-calls");
    const [call] = calls;
    assert.ok(call !== undefined && call.id !== "" && call.name === "weather");
    assert.match(JSON.stringify(call.arguments["city"]), /^"(Paris|Rome)"$/);
    assert.equal(typeof call.arguments["tomorrow"], "boolean");
    const next = await ask(engine, {
      ...request,
      toolChoice: "none",
      messages: [
        ...request.messages,
        { role: "assistant", text: "", toolCalls: [call] },
        { role: "tool", callId: call.id, result: { celsius: 21 } },
      ],
      sampling: { maxTokens: 4 },
    });
    assert.deepEqual(next.calls, []);
  },

  "an answer is held to a JSON schema": async ({ engine }) => {
    const schema = weather.parameters;
    const request = longQuestion("Where?", {
      responseFormat: { type: "json", schema },
      sampling: {},
    });
    if (!engine.capabilities.jsonSchema) {
      return rejects(ask(engine, request), "MEMCUBE_NOT_SUPPORTED");
    }
    const { text } = await ask(engine, request);
    const answer: unknown = JSON.parse(text);
    assert.deepEqual(Object.keys(answer as object).toSorted(), ["city", "tomorrow"]);
  },

  "an aborted request rejects with the signal's reason": async ({ engine }) => {
    const reason = new Error("enough");
    const before = ask(engine, longQuestion("?"), { signal: AbortSignal.abort(reason) });
    await abortsWith(reason, before);
    const during = new AbortController();
    const request = longQuestion("Go on", {
      sampling: { maxTokens: 400, temperature: 2, seed: 3 },
    });
    const reading = (async () => {
      for await (const part of engine.generate(request, { signal: during.signal })) {
        if (part.type === "text") during.abort(reason);
      }
    })();
    await abortsWith(reason, reading);
  },

  "a reader may leave, and the next one is served": async ({ engine }) => {
    for await (const part of engine.generate(longQuestion("Go on", { sampling: {} }))) {
      assert.notEqual(part.type, "finish");
      break;
    }
    assert.ok((await ask(engine, longQuestion("And?"))).usage.outputTokens > 0);
  },

  "requests that make no sense are refused": async ({ engine }) => {
    const wrong = (code: ErrorCode, more: Partial<EngineRequest>): Promise<unknown> =>
      rejects(ask(engine, longQuestion("?", more)), code);
    await wrong("MEMCUBE_INVALID_INPUT", { messages: [] });
    await wrong("MEMCUBE_INVALID_INPUT", { messages: [{ role: "tool", callId: "x", result: 1 }] });
    await wrong("MEMCUBE_INVALID_INPUT", { sampling: { maxTokens: 0 } });
    const { lora } = engine.capabilities;
    await wrong(lora ? "MEMCUBE_LORA_INVALID" : "MEMCUBE_NOT_SUPPORTED", {
      lora: [{ id: "none" }],
    });
    const text = "too long ".repeat(engine.model.contextTokens);
    await wrong("MEMCUBE_LIMIT_EXCEEDED", { messages: [{ role: "user", text }] });
  },
});

export const generateRules = [
  ...refusal,
  ...answers.map((rule) => ({ ...rule, needs: "generate" as const })),
];
