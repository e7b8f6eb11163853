import { z } from "zod";

import { idSchema } from "../options.ts";
import { memoryTool } from "./memory-tool.ts";

export const forgetMemory = memoryTool({
  name: "forget_memory",
  description:
    "Forgets a memory, so that no later search or conversation brings it up. Use it when the user " +
    "asks to forget something, or when a memory is plainly wrong and nothing true takes its place. " +
    "Needs its id from search_memory. It can be restored; it is not destroyed.",
  inputSchema: z.strictObject({
    id: idSchema.describe("Id of the memory, as search_memory returned it."),
    reason: z.string().max(1_000).optional().describe("Why, in a few words; kept with the change."),
  }),
  async run({ cubeToWrite }, { id, reason }, options) {
    const cube = await cubeToWrite();
    const note = reason === undefined ? {} : { note: reason };
    const { header } = await cube.forget(id, { ...note, ...options });
    return { forgotten: header.id };
  },
});
