import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { fakeModel } from "@langchain/core/testing";
import { memcubeMiddleware } from "@memcube/langchain";
import { createAgent } from "langchain";

import { answer } from "./answer.ts";
import type { Assistant } from "./assistant.ts";

export const langchain: Assistant = {
  framework: "langchain",
  async say(os, scope, text) {
    const model = fakeModel().respond(
      (messages) => new AIMessage(answer(messages.map((message) => message.text).join("\n"))),
    );
    const middleware = [memcubeMiddleware({ os, scope })];
    const agent = createAgent({ model, tools: [], systemPrompt: "You help at home.", middleware });
    const { messages } = await agent.invoke({ messages: [new HumanMessage(text)] });
    return messages.at(-1)?.text ?? "";
  },
};
