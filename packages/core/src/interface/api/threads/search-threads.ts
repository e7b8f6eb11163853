import { LIMITS } from "../../../limits.ts";
import { parseInput } from "../options.ts";
import type { MemThreads } from "./mem-threads.ts";
import { searchSchema, type SearchThreadsOptions } from "./options.ts";
import type { ThreadCheckpoint } from "./thread-checkpoint.ts";
import type { ThreadValue } from "./thread-value.ts";

/** A thread whose newest state holds a text. */
export interface ThreadHit {
  readonly threadId: string;
  readonly namespace: string;
  readonly id: string;
  readonly updatedAt: number;
  readonly channel: string;
  /** The text as it stands there, with some of what surrounds it. */
  readonly excerpt: string;
}

/** Characters of an excerpt before and after what was found. */
const AROUND = 40;

/**
 * Looks through the newest checkpoint of each thread, last used first, whatever the case of letters.
 * It reads threads one by one, at most {@link LIMITS.threadsSearched}: a tool for people, not an index.
 */
export async function searchThreads(
  threads: MemThreads,
  text: string,
  raw: SearchThreadsOptions = {},
): Promise<readonly ThreadHit[]> {
  const { limit } = parseInput(searchSchema, raw, "options");
  const hits: ThreadHit[] = [];
  let cursor: string | undefined;
  let left: number = LIMITS.threadsSearched;
  do {
    const page = await threads.listThreads(cursor === undefined ? {} : { cursor });
    for (const { threadId, updatedAt } of page.items) {
      const newest = await threads.get(threadId);
      const found = newest && findIn(newest, text.toLowerCase());
      if (found) hits.push({ threadId, updatedAt, ...found });
      left -= 1;
      if (hits.length === limit || left === 0) return hits;
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  return hits;
}

function findIn(checkpoint: ThreadCheckpoint, text: string) {
  const { namespace, id } = checkpoint;
  for (const channel of checkpoint.channels.keys()) {
    const excerpt = findText(checkpoint.value(channel), text);
    if (excerpt !== undefined) return { namespace, id, channel, excerpt };
  }
  return undefined;
}

/** The last string in which the text is: the newest of a list of messages. */
function findText(value: ThreadValue | undefined, text: string): string | undefined {
  if (typeof value === "string") return excerptOf(value, text);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return undefined;
  for (const inner of Object.values(value).toReversed()) {
    const found = findText(inner, text);
    if (found !== undefined) return found;
  }
  return undefined;
}

function excerptOf(value: string, text: string): string | undefined {
  const at = value.toLowerCase().indexOf(text);
  if (at < 0) return undefined;
  const [start, end] = [Math.max(0, at - AROUND), at + text.length + AROUND];
  const before = start > 0 ? "..." : "";
  const after = end < value.length ? "..." : "";
  return `${before}${value.slice(start, end).replaceAll(/\s+/gu, " ")}${after}`;
}
