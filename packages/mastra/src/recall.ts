import type { MemoryConfigInternal } from "@mastra/core/memory";
import type { StorageListMessagesInput } from "@mastra/core/storage";

import { messageIdOf } from "./from-mastra.ts";
import type { ResourceCubes } from "./resource-cubes.ts";

type Include = NonNullable<StorageListMessagesInput["include"]>[number];

export interface RecallQuery {
  readonly query: string;
  readonly threadId: string | string[];
  readonly resourceId?: string;
  readonly config: MemoryConfigInternal["semanticRecall"];
}

/** Messages found where nothing is said, and how many are shown before and after each, as in Mastra. */
const TOP = 4;
const RANGE = 1;

/** Messages that a query finds: in all threads of the resource, or in the thread alone. */
export async function recalledIds(
  cubes: ResourceCubes,
  { query, threadId, resourceId, config }: RecallQuery,
): Promise<readonly Include[]> {
  const {
    topK = TOP,
    messageRange = RANGE,
    scope = "resource",
  } = typeof config === "object" ? config : {};
  const [only] = typeof threadId === "string" ? [threadId] : threadId;
  const inThread = scope === "thread" && only !== undefined ? { sessionId: only } : {};
  const found = await cubes.read(resourceId, (cube) =>
    cube.search(query, { limit: topK, types: ["turn"], ...inThread }),
  );
  const hits = found?.hits ?? [];
  const { before, after } =
    typeof messageRange === "number" ? { before: messageRange, after: messageRange } : messageRange;
  return hits.flatMap(({ memory }) => {
    const id = messageIdOf(memory.header.externalKey);
    if (id === undefined) return [];
    return [{ id, withPreviousMessages: before, withNextMessages: after }];
  });
}
