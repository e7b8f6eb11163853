import type { Caller } from "../../../flow/index.ts";
import type { ThreadRef } from "../../../ports/index.ts";
import { assertOpen, type ApiContext } from "../context.ts";
import { parseInput } from "../options.ts";
import { threadIdSchema } from "./options.ts";
import { threadCacheOf, type ThreadCache } from "./thread-cache.ts";

/** A caller at its threads: they belong to tenant and user, and nobody else sees them. */
export interface ThreadVisitor {
  readonly context: ApiContext;
  readonly caller: Caller;
}

/** One thread of a caller. */
export interface OpenThread {
  readonly context: ApiContext;
  readonly ref: ThreadRef;
  readonly cache: ThreadCache;
  readonly now: number;
}

/** @throws MemCubeError `MEMCUBE_CLOSED`, `MEMCUBE_INVALID_INPUT` */
export function openThread({ context, caller }: ThreadVisitor, threadId: string): OpenThread {
  assertOpen(context);
  const ref = {
    tenantId: caller.tenantId,
    owner: `user:${caller.userId}` as const,
    threadId: parseInput(threadIdSchema, threadId, "threadId"),
  };
  return { context, ref, cache: threadCacheOf(context), now: context.clock.now() };
}
