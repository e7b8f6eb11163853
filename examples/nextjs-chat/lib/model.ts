import type { LanguageModelV4 } from "@ai-sdk/provider";
import { openai } from "@ai-sdk/openai";
import { memcubeModel } from "@memcube/ai-sdk";
import { after } from "next/server";

import { memory } from "./memory.ts";
import { scriptedModel } from "./scripted-model.ts";

/** Any model of the AI SDK: OpenAI by key, or a scripted one that needs nothing. */
function plainModel(): LanguageModelV4 {
  if (process.env.OPENAI_API_KEY === undefined) return scriptedModel();
  return openai(process.env.OPENAI_MODEL ?? "gpt-5-mini");
}

/** The model with memory. Whose it is comes with each call in `providerOptions.memcube`. */
export async function model(): Promise<LanguageModelV4> {
  return memcubeModel(plainModel(), {
    os: await memory(),
    waitUntil: (promise) => after(promise),
    onError: (error, part) => console.error(`memory: ${part} failed`, error),
  });
}
