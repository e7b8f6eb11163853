import type { MemOS, MemoryTool } from "@memcube/core";
import type { RequestContext } from "@mastra/core/request-context";
import { createTool, type ToolAction } from "@mastra/core/tools";

import { agentContextOf } from "./agent-run.ts";
import { scopeOf, type ParsedStorageOptions } from "./options.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- Mastra's own type of a tool of any input
type AnyTool = ToolAction<any, any, any, any, any>;

/** What Mastra tells a tool of the run that calls it. */
interface ToolContext {
  readonly requestContext?: RequestContext;
  readonly abortSignal?: AbortSignal;
}

/** Core's memory tools as tools of Mastra, each acting for the resource of the run that calls it. */
export function memoryTools(
  os: MemOS,
  options: Pick<ParsedStorageOptions, "scope">,
): Record<string, AnyTool> {
  const shown = os.as({ userId: "local" }).tools();
  return Object.fromEntries(shown.map((tool) => [tool.name, toMastra(os, options, tool)]));
}

function toMastra(
  os: MemOS,
  options: Pick<ParsedStorageOptions, "scope">,
  { name, description, inputSchema }: MemoryTool,
): AnyTool {
  return createTool({
    id: name,
    description,
    inputSchema,
    execute: async (input: unknown, { requestContext, abortSignal }: ToolContext = {}) => {
      const run = agentContextOf(requestContext);
      const { caller, cube } = await scopeOf(options, run?.resourceId);
      const [tool] = os.as(caller).tools({
        only: [name],
        ...(cube === undefined ? {} : { cube }),
        ...(run === undefined ? {} : { sessionId: run.threadId }),
      });
      return await tool?.execute(input, abortSignal === undefined ? {} : { signal: abortSignal });
    },
  }) as AnyTool;
}
