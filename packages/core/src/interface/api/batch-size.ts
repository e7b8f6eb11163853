import { LIMITS } from "../../limits.ts";
import type { ApiContext } from "./context.ts";

/** Memories put into one commit when there are many: as many as the storage takes at a time. */
export function batchSize({ storage }: Pick<ApiContext, "storage">): number {
  const { batchWrites = LIMITS.addBatch } = storage.vault.capabilities;
  return Math.min(batchWrites, LIMITS.addBatch);
}
