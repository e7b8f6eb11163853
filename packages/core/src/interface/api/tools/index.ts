import { z } from "zod";

import { estimateTokens } from "../../../text/index.ts";
import type { Visitor } from "../cubes.ts";
import { memCube } from "../mem-cube.ts";
import { idSchema, parseInput } from "../options.ts";
import type { SessionCubes } from "../session-cubes.ts";
import { addMemory } from "./add-memory.ts";
import { correctMemory } from "./correct-memory.ts";
import { forgetMemory } from "./forget-memory.ts";
import type { MemoryTool, ToolContext } from "./memory-tool.ts";
import { searchMemory } from "./search-memory.ts";
import { MEMORY_TOOL_NAMES, type MemoryToolName } from "./tool-names.ts";

export type { MemoryTool } from "./memory-tool.ts";
export { MEMORY_TOOL_NAMES, type MemoryToolName } from "./tool-names.ts";

/** Every tool, by the name that the model calls. */
const TOOLS: Readonly<Record<MemoryToolName, (tools: ToolContext) => MemoryTool>> = {
  search_memory: searchMemory,
  add_memory: addMemory,
  correct_memory: correctMemory,
  forget_memory: forgetMemory,
};

const toolOptionsSchema = z.strictObject({
  cube: idSchema.optional(),
  /** Conversation that new memories are noted in. */
  sessionId: idSchema.optional(),
  only: z.array(z.enum(MEMORY_TOOL_NAMES)).readonly().optional(),
});

export type MemoryToolOptions = z.input<typeof toolOptionsSchema>;

/**
 * The tools of one session, in the order of `MEMORY_TOOL_NAMES`.
 *
 * @throws MemCubeError `MEMCUBE_INVALID_INPUT`
 */
export function memoryTools(
  { context, caller: { userId } }: Visitor,
  cubes: SessionCubes,
  options: MemoryToolOptions = {},
): readonly MemoryTool[] {
  const parsed = parseInput(toolOptionsSchema, options, "tools");
  const { cube: id = cubes.own, sessionId, only = MEMORY_TOOL_NAMES } = parsed;
  const tools: ToolContext = {
    userId,
    ...(sessionId === undefined ? {} : { sessionId }),
    countTokens: (text) => context.tokenizer?.count(text) ?? estimateTokens(text),
    cubeToRead: async () => {
      const cube = await cubes.openIfThere(id);
      return cube && memCube(cube);
    },
    cubeToWrite: async () =>
      memCube(await cubes.open(id, { readOnly: false, create: id === cubes.own })),
  };
  return MEMORY_TOOL_NAMES.filter((name) => only.includes(name)).map((name) => TOOLS[name](tools));
}
