import type { LanguageModelV4 } from "@ai-sdk/provider";
import { memcubeModel } from "@memcube/ai-sdk";
import { generateText } from "ai";

import type { Assistant } from "./assistant.ts";
import { scriptedModel } from "./scripted-model.ts";

export const aiSdk: Assistant = {
  framework: "ai-sdk",
  async say(os, scope, prompt) {
    const model: LanguageModelV4 = memcubeModel(scriptedModel(), { os, scope });
    const { text } = await generateText({ model, prompt });
    return text;
  },
};
