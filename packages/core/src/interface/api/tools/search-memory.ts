import { z } from "zod";

import type { JsonObject } from "../../../memory/index.ts";
import { memoryTool } from "./memory-tool.ts";
import { toldMemory } from "./told-memory.ts";

/** Tokens of one result: it stays in the conversation, and the next call brings another. */
const RESULT_TOKENS = 1_200;

export const searchMemory = memoryTool({
  name: "search_memory",
  description:
    "Searches long-term memory for what was said or noted earlier, in this and in past " +
    "conversations. Use it when the answer may depend on facts, preferences, plans or decisions " +
    "that the conversation does not show. Returns memories with id, text, time and origin, the " +
    "best first. `confidence` (0 to 1) tells how likely the answer is among them: when it is low, " +
    "say that you don't know.",
  inputSchema: z.strictObject({
    query: z
      .string()
      .min(1)
      .max(2_000)
      .describe("What to look for: a question, or names and words that it would contain."),
    limit: z.int().min(1).max(25).default(8).describe("Most memories to return."),
  }),
  async run({ userId, countTokens, cubeToRead }, { query, limit }, options) {
    const cube = await cubeToRead();
    const found = await cube?.search(query, { limit, ...options });
    const memories: JsonObject[] = [];
    let tokens = 0;
    for (const { memory, why } of found?.hits ?? []) {
      const told = toldMemory(memory, userId);
      const row = why.outdated === true ? { ...told, outdated: true } : told;
      tokens += countTokens(JSON.stringify(row));
      if (tokens > RESULT_TOKENS && memories.length > 0) break;
      memories.push(row);
    }
    return { memories, confidence: Math.round((found?.confidence ?? 0) * 100) / 100 };
  },
});
