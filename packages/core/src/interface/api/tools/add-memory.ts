import { z } from "zod";

import { MemCubeError } from "../../../errors.ts";
import { sha256Hex } from "../../../memory/index.ts";
import { memoryTool } from "./memory-tool.ts";
import { toldMemory } from "./told-memory.ts";

export const addMemory = memoryTool({
  name: "add_memory",
  description:
    "Notes something in long-term memory for later conversations: a lasting fact, preference, " +
    "decision or event. Use it when the user asks to remember something, or says what will matter " +
    "again. One statement per call. Search first when it may be noted already; when it replaces " +
    "what a memory says, use correct_memory. Never note passwords or other secrets.",
  inputSchema: z.strictObject({
    text: z
      .string()
      .min(1)
      .max(4_000)
      .describe(
        "One self-contained sentence that names whom it is about and gives dates in full: " +
          "it will be read without this conversation.",
      ),
    kind: z
      .enum(["fact", "preference", "event"])
      .default("fact")
      .describe(
        "preference: how the user wants things done, shown in every conversation; event: what " +
          "happened or will happen; fact: everything else.",
      ),
  }),
  async run({ userId, sessionId, cubeToWrite }, { text, kind }, options) {
    const cube = await cubeToWrite();
    // What is said twice is noted once.
    const externalKey = `noted/${sha256Hex(JSON.stringify([userId, kind, text.trim()]))}`;
    const result = await cube.add(
      { type: kind, text },
      {
        externalKey,
        onDuplicate: "update",
        ...(sessionId === undefined ? {} : { sessionId }),
        ...options,
      },
    );
    const [id] = result.ids;
    const memory = id === undefined ? undefined : await cube.get(id, options);
    if (memory === undefined) {
      const reason = result.rejected[0]?.message ?? "there is nothing in it to remember";
      throw new MemCubeError("MEMCUBE_INVALID_INPUT", `text: ${reason}`);
    }
    return { noted: toldMemory(memory, userId), isNew: result.added > 0 };
  },
});
