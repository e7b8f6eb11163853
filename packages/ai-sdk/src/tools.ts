import {
  resolveScope,
  type MemoryToolName,
  type MemOS,
  type MemoryTool,
  type ScopeOption,
} from "@memcube/core";

import { VIA } from "./options.ts";

/** What the AI SDK tells a tool when a model calls it. */
export interface ToolCallOptions {
  readonly toolCallId: string;
  readonly messages: readonly unknown[];
  readonly abortSignal?: AbortSignal;
  /** What the application gave in `toolsContext` of the call. */
  readonly context?: unknown;
}

/** Options of {@link memcubeTools}. */
export interface MemCubeToolsOptions {
  readonly os: MemOS;
  /**
   * Whose memory; a function is asked each time a model calls a tool.
   * @default user "local" of tenant "default": single-user mode
   */
  readonly scope?: ScopeOption<ToolCallOptions>;
  /** @default all of `MEMORY_TOOL_NAMES` */
  readonly only?: readonly MemoryToolName[];
}

/** A tool of the AI SDK that works with memory. */
export interface MemCubeTool {
  readonly description: string;
  readonly inputSchema: MemoryTool["inputSchema"];
  readonly execute: (input: unknown, options: ToolCallOptions) => ReturnType<MemoryTool["execute"]>;
}

/**
 * Tools by which a model searches, adds, corrects and forgets memories itself, with the rights of the
 * caller: `generateText({ model, tools: memcubeTools({ os }) })`. What a model can mend comes back to it
 * as `{ error, code }`.
 *
 * @throws MemCubeError `MEMCUBE_INVALID_INPUT` for an unknown name in `only`
 */
export function memcubeTools({
  os,
  scope,
  only,
}: MemCubeToolsOptions): Record<MemoryToolName, MemCubeTool> {
  // Name, description and input are the same for every caller.
  const tools = os.as({ userId: "local" }).tools(only === undefined ? {} : { only });
  const named = tools.map(({ name, description, inputSchema }): [MemoryToolName, MemCubeTool] => {
    const execute: MemCubeTool["execute"] = async (input, options) => {
      const { caller, cube, sessionId } = await resolveScope(scope, options, VIA);
      const [tool] = os.as(caller).tools({
        only: [name],
        ...(cube === undefined ? {} : { cube }),
        ...(sessionId === undefined ? {} : { sessionId }),
      });
      if (tool === undefined) throw new TypeError(`there is no tool ${name}`);
      const { abortSignal: signal } = options;
      return await tool.execute(input, signal === undefined ? {} : { signal });
    };
    return [name, { description, inputSchema, execute }];
  });
  return Object.fromEntries(named) as Record<MemoryToolName, MemCubeTool>;
}
