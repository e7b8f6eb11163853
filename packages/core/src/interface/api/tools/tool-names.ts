/** Names of the tools that an agent may be given, in the order in which they are offered. */
export const MEMORY_TOOL_NAMES = [
  "search_memory",
  "add_memory",
  "correct_memory",
  "forget_memory",
] as const;
export type MemoryToolName = (typeof MEMORY_TOOL_NAMES)[number];
