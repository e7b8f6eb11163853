import type { Token } from "node-llama-cpp";
import { expect, it } from "vitest";

import { tinyModel } from "../testing/tiny-model.ts";
import { answer } from "./answer.ts";
import { wholePages } from "./fill.ts";
import { openModel } from "./open-model.ts";
import { parseOptions } from "./options.ts";
import { renderPrompt } from "./prompt.ts";
import { parseRequest } from "./request.ts";

it("a greedy answer is the likeliest token each time, repeated or not", async () => {
  const opened = await openModel(
    parseOptions({ model: await tinyModel(), threads: 1, contextSize: 1_024 }),
  );
  const { native: model, started } = opened;
  const { sequence, dispose } = await opened.openContext([]);
  const { binding } = started;
  const wrapper = binding.resolveChatWrapper(model);
  const count = 100;
  const text = "Where does Alice live? ".repeat(20);
  const request = parseRequest({
    messages: [{ role: "user", text }],
    sampling: { maxTokens: count },
  });
  const prompt = renderPrompt(request, { model, wrapper, binding });
  const pages = wholePages(prompt.tokens.length);

  await sequence.prefill(prompt.tokens.slice(0, pages));
  const likeliest: number[] = [];
  const rest = prompt.tokens.slice(pages) as Token[];
  for await (const token of sequence.native.evaluate(rest, { temperature: 0 })) {
    likeliest.push(token);
    if (likeliest.length === count) break;
  }
  expect(new Set(likeliest).size, "some tokens come again").toBeLessThan(likeliest.length);

  await sequence.truncate(pages);
  const { signal } = new AbortController();
  const input = { binding, sequence, prompt, request, grammar: undefined, signal };
  const deltas: string[] = [];
  const { outputTokens } = await answer(input, (part) => {
    if (part.type === "text") deltas.push(part.delta);
  });
  expect(outputTokens).toBeGreaterThanOrEqual(likeliest.length);
  expect(sequence.tokens().slice(prompt.tokens.length, -1)).toEqual(
    likeliest.slice(0, sequence.tokens().length - prompt.tokens.length - 1),
  );
  expect(deltas.join("")).not.toBe("");
  await dispose();
  await opened.dispose();
});
