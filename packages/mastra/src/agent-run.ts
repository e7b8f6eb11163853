import type { MemoryConfigInternal } from "@mastra/core/memory";
import type { RequestContext } from "@mastra/core/request-context";
import { z } from "zod";

/** What an agent's run tells of the conversation it is in. */
export interface AgentRun {
  readonly threadId: string;
  readonly resourceId: string;
  readonly readOnly: boolean;
  /** Messages of the thread to show; 0 for none. */
  readonly lastMessages: number;
  /** Tokens that the thread's messages may take. */
  readonly historyTokens?: number;
  readonly workingMemory: boolean;
}

/** Messages shown where nothing is said, as in Mastra's own memory. */
const LAST_MESSAGES = 10;
/** Messages looked at where tokens are the limit. */
const MESSAGES_IN_BUDGET = 1_000;

const memoryContextSchema = z.looseObject({
  thread: z.looseObject({ id: z.string() }),
  resourceId: z.string(),
  memoryConfig: z.custom<MemoryConfigInternal>((value) => typeof value === "object").optional(),
});

/** Whom the run at hand is about; `undefined` where the agent was given no thread and resource. */
export function agentContextOf(context: RequestContext | undefined) {
  const parsed = memoryContextSchema.safeParse(context?.get("MastraMemory"));
  if (!parsed.success) return undefined;
  const { thread, resourceId, memoryConfig } = parsed.data;
  return { threadId: thread.id, resourceId, memoryConfig };
}

/**
 * The run at hand; `undefined` where memory is off.
 *
 * @param merged the memory's own options under those of the call
 */
export function agentRunOf(
  context: RequestContext | undefined,
  merged: (config: MemoryConfigInternal | undefined) => MemoryConfigInternal,
): AgentRun | undefined {
  const found = agentContextOf(context);
  if (found === undefined) return undefined;
  const { threadId, resourceId, memoryConfig } = found;
  const { readOnly = false, messageHistory, workingMemory, ...config } = merged(memoryConfig);
  const historyTokens = messageHistory?.maxTokens;
  return {
    threadId,
    resourceId,
    readOnly,
    lastMessages: lastMessagesOf(config, historyTokens),
    ...(historyTokens === undefined ? {} : { historyTokens }),
    workingMemory: workingMemory?.enabled === true,
  };
}

function lastMessagesOf(config: MemoryConfigInternal, historyTokens: number | undefined): number {
  // Mastra prefers a limit in tokens by now; who sets a number of messages still gets it.
  const { ["lastMessages"]: given } = config as { readonly lastMessages?: number | false };
  if (given === false) return 0;
  const wanted = given ?? (historyTokens === undefined ? LAST_MESSAGES : MESSAGES_IN_BUDGET);
  return Math.max(0, Math.floor(wanted));
}
