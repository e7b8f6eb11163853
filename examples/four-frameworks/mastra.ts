import { randomUUID } from "node:crypto";

import { MemCubeMemory } from "@memcube/mastra";
import { Agent } from "@mastra/core/agent";

import type { Assistant } from "./assistant.ts";
import { scriptedModel } from "./scripted-model.ts";

export const mastra: Assistant = {
  framework: "mastra",
  async say(os, scope, said) {
    const memory = new MemCubeMemory({ os, scope });
    // Mastra bundles the types of another minor version of the AI SDK's interface.
    const model = scriptedModel() as never;
    const instructions = "You help at home.";
    const agent = new Agent({ id: "home", name: "home", instructions, model, memory });
    const { text } = await agent.generate(said, {
      memory: { thread: randomUUID(), resource: scope.caller.userId },
    });
    return text;
  },
};
