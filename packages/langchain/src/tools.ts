import { checkScoped, type MemoryToolName, type MemOS, type ScopeOption } from "@memcube/core";
import { tool, type DynamicStructuredTool } from "@langchain/core/tools";

import { scopeOfRun, type AgentRequest, type RunTime } from "./options.ts";

/** Options of {@link memcubeTools}. */
export interface MemCubeToolsOptions {
  readonly os: MemOS;
  /** Whose memory; `context` of a run goes before it. @default single-user mode */
  readonly scope?: ScopeOption<AgentRequest>;
  /** @default all of `MEMORY_TOOL_NAMES` */
  readonly only?: readonly MemoryToolName[];
}

/**
 * Tools by which a model searches, adds, corrects and forgets memories, for `createAgent({ tools })`, a
 * `ToolNode` or `bindTools`. Each call has the rights of whoever the run is for. What a model can mend
 * is answered as JSON with `error`; other failures are thrown.
 *
 * @throws MemCubeError `MEMCUBE_INVALID_INPUT` for unknown names
 */
export function memcubeTools({ os, scope, only }: MemCubeToolsOptions): DynamicStructuredTool[] {
  checkScoped({ os, scope }, "memcubeTools");
  const options = only === undefined ? {} : { only };
  // Names, texts and schemas are the same for every caller.
  const offered = os.as({ userId: "local" }).tools(options);
  return offered.map(({ name, description, inputSchema }) =>
    tool(
      async (input: unknown, runtime: RunTime) => {
        const { caller, cube, sessionId } = await scopeOfRun(scope, runtime);
        const [bound] = os.as(caller).tools({
          only: [name],
          ...(cube === undefined ? {} : { cube }),
          ...(sessionId === undefined ? {} : { sessionId }),
        });
        if (bound === undefined) throw new TypeError(`no tool ${name}`);
        const { signal } = runtime;
        const answer = await bound.execute(input, signal === undefined ? {} : { signal });
        return JSON.stringify(answer);
      },
      { name, description, schema: inputSchema },
    ),
  );
}
