import { z } from "zod";

import type { UpdateOptions, UpdatePatch } from "../options.ts";
import { idSchema } from "../options.ts";
import type { MemCube } from "../mem-cube.ts";
import { memoryTool } from "./memory-tool.ts";
import { toldMemory } from "./told-memory.ts";

export const correctMemory = memoryTool({
  name: "correct_memory",
  description:
    "Replaces what a memory says when it is wrong or no longer true. Needs its id from " +
    "search_memory and the complete new text. The old text stays in the memory's history.",
  inputSchema: z.strictObject({
    id: idSchema.describe("Id of the memory, as search_memory returned it."),
    text: z
      .string()
      .min(1)
      .max(4_000)
      .describe("The complete new text: a self-contained sentence that replaces the old one."),
    reason: z.string().max(1_000).optional().describe("Why, in a few words; kept with the change."),
  }),
  async run({ userId, cubeToWrite }, { id, text, reason }, options) {
    const cube = await cubeToWrite();
    const note = reason === undefined ? {} : { note: reason };
    const { patch, mode } = await correction(cube, id, text);
    const memory = await cube.update(id, { ...patch, ...note }, { mode, ...options });
    return { corrected: toldMemory(memory, userId) };
  },
});

/**
 * A turn tells what was said and can't be said otherwise afterwards: corrected, it is a fact from the
 * same source. Everything else keeps its type.
 */
async function correction(
  cube: MemCube,
  id: string,
  text: string,
): Promise<{ patch: UpdatePatch; mode: NonNullable<UpdateOptions["mode"]> }> {
  const current = await cube.get(id);
  if (current?.payload.type !== "turn") return { patch: { text }, mode: "merge" };
  return { patch: { payload: { type: "fact" }, text }, mode: "overwrite" };
}
