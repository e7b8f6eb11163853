import { z } from "zod";

import type { JsonObject } from "../../../memory/index.ts";
import type { MemCube } from "../mem-cube.ts";
import { mendableFailure } from "./mendable-failure.ts";
import type { MemoryToolName } from "./tool-names.ts";

/**
 * A tool by which a model works with memory itself, in no framework's form: adapters translate it. It
 * has the rights of the caller whose session made it.
 */
export interface MemoryTool {
  readonly name: MemoryToolName;
  /** For the model: what it does and when to use it. */
  readonly description: string;
  readonly inputSchema: z.ZodType;
  /** JSON Schema (draft 2020-12) of the input, for frameworks without zod. */
  readonly jsonSchema: JsonObject;
  /**
   * Parses the input and does it; what comes back is for the model: short JSON. What a model can mend
   * (a wrong id, a frozen memory, no right to write) comes back as `{ error, code }`.
   *
   * @throws MemCubeError for what a model can't mend, such as `MEMCUBE_STORAGE_*` and `MEMCUBE_CLOSED`
   */
  execute(input: unknown, options?: { readonly signal?: AbortSignal }): Promise<JsonObject>;
}

/** What the tools of one session work with. */
export interface ToolContext {
  /** Whose tools they are. */
  readonly userId: string;
  /** Conversation that new memories are noted in. */
  readonly sessionId?: string;
  readonly countTokens: (text: string) => number;
  /** The cube for reading; `undefined` while a user's own cube is not there yet. */
  readonly cubeToRead: () => Promise<MemCube | undefined>;
  readonly cubeToWrite: () => Promise<MemCube>;
}

/** A tool before it is bound to a session. */
export interface ToolDefinition<Schema extends z.ZodType> {
  readonly name: MemoryToolName;
  readonly description: string;
  readonly inputSchema: Schema;
  readonly run: (
    tools: ToolContext,
    input: z.output<Schema>,
    options: { readonly signal?: AbortSignal },
  ) => Promise<JsonObject>;
}

/** Makes a definition into a function that binds it to a session. */
export function memoryTool<Schema extends z.ZodType>(
  definition: ToolDefinition<Schema>,
): (tools: ToolContext) => MemoryTool {
  const { name, description, inputSchema, run } = definition;
  const jsonSchema = z.toJSONSchema(inputSchema, { io: "input" }) as JsonObject;
  return (tools) => ({
    name,
    description,
    inputSchema,
    jsonSchema,
    async execute(input, { signal } = {}) {
      signal?.throwIfAborted();
      const parsed = inputSchema.safeParse(input);
      if (!parsed.success) {
        return { error: z.prettifyError(parsed.error), code: "MEMCUBE_INVALID_INPUT" };
      }
      try {
        return await run(tools, parsed.data, signal === undefined ? {} : { signal });
      } catch (error) {
        const failure = mendableFailure(error);
        if (failure === undefined) throw error;
        return failure;
      }
    },
  });
}
