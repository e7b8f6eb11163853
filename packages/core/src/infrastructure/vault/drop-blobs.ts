import { z } from "zod";

import type { LeasedTask } from "../../flow/index.ts";
import { LIMITS } from "../../limits.ts";
import { sha256Hex, type CubeRef } from "../../memory/index.ts";
import type { BlobStore, TaskQueue, Vault } from "../../ports/index.ts";
import { dropUnusedBlobs } from "./cube-blobs.ts";

/** Type of the task that deletes blobs of history nobody points to. */
export const DROP_BLOBS_TASK = "drop-blobs";
const payloadSchema = z.strictObject({ blobs: z.array(z.string()) });

/**
 * Queues a look at blobs which a cube's history is about to point to, or no longer: whatever happens
 * in between, a blob that nobody points to then is deleted, once `LIMITS.dropDelayMs` have gone by.
 */
export async function dropLater(
  queue: TaskQueue,
  ref: CubeRef,
  blobs: readonly string[],
  now: number,
): Promise<void> {
  if (blobs.length === 0) return;
  const key = `drop:${sha256Hex(blobs.join("\n"))}`;
  const notBefore = now + LIMITS.dropDelayMs;
  const task = { key, type: DROP_BLOBS_TASK, ...ref, payload: { blobs: [...blobs] }, notBefore };
  await queue.enqueue([task], now);
}

/** Does the task: deletes those of its blobs that no segment, state or LoRA of the cube points to. */
export async function runDropBlobsTask(
  places: { readonly vault: Vault; readonly blobs: BlobStore },
  task: LeasedTask,
): Promise<void> {
  const ref = { tenantId: task.tenantId, cubeId: task.cubeId };
  await dropUnusedBlobs(places, ref, payloadSchema.parse(task.payload).blobs);
}
