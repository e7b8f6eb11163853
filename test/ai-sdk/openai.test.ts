/** What reaches OpenAI: its own provider, with the network in the test's hands. */
import { createOpenAI } from "@ai-sdk/openai";
import { memcubeModel } from "@memcube/ai-sdk";
import { generateText, streamText } from "ai";
import { describe, expect, it } from "vitest";

import { emptyOS, turnsOf } from "./remembered.ts";

interface Body {
  readonly model: string;
  readonly prompt_cache_key?: string;
  readonly stream?: boolean;
  readonly messages?: readonly { readonly role: string; readonly content: unknown }[];
}

/** OpenAI as far as it is needed: one answer, by chat completions. */
function openAI(answer: string) {
  const bodies: Body[] = [];
  const provider = createOpenAI({
    apiKey: "none",
    fetch: async (_url, init) => {
      const body = JSON.parse(init?.body as string) as Body;
      bodies.push(body);
      const usage = { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 };
      const common = { id: "c1", created: 1, model: body.model };
      if (body.stream !== true) {
        const message = { role: "assistant", content: answer };
        const choices = [{ index: 0, message, finish_reason: "stop" }];
        return await Promise.resolve(Response.json({ ...common, choices, usage }));
      }
      const chunks = [...answer.split(/(?<= )/), undefined].map((content) => ({
        ...common,
        choices: [
          content === undefined
            ? { index: 0, delta: {}, finish_reason: "stop" }
            : { index: 0, delta: { role: "assistant", content } },
        ],
      }));
      const lines = chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`);
      return new Response(`${lines.join("")}data: [DONE]\n\n`, {
        headers: { "content-type": "text/event-stream" },
      });
    },
  });
  return { provider, bodies };
}

describe("OpenAI's provider", () => {
  it("is sent memory, a cache key, and none of whose it is", async () => {
    const os = emptyOS();
    const { provider, bodies } = openAI("In the attic.");
    const model = memcubeModel(provider.chat("gpt-5-mini"), { os });
    const providerOptions = { memcube: { userId: "ada-lovelace" } };
    await generateText({ model, prompt: "My passport is in the attic.", providerOptions });
    await generateText({ model, prompt: "Where is my passport?", providerOptions });
    const [first, second] = bodies;
    expect(first).toEqual({
      model: "gpt-5-mini",
      messages: [{ role: "user", content: "My passport is in the attic." }],
    });
    expect(JSON.stringify(second?.messages)).toMatch(/From memory.*attic.*Where is my passport/);
    expect(second?.prompt_cache_key).toMatch(/^memcube-\w{32}$/);
    expect(JSON.stringify(bodies)).not.toContain("lovelace");
  });

  it("streams", async () => {
    const os = emptyOS();
    const { provider } = openAI("In the attic.");
    const model = memcubeModel(provider.chat("gpt-5-mini"), { os });
    expect(await streamText({ model, prompt: "Where is it?" }).text).toBe("In the attic.");
    expect(await turnsOf(os)).toEqual(["user: Where is it?", "assistant: In the attic."]);
  });
});
