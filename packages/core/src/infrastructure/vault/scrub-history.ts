import { isMemCubeError, MemCubeError } from "../../errors.ts";
import { LIMITS } from "../../limits.ts";
import { sha256Hex, type CubeRef } from "../../memory/index.ts";
import type { BlobStore, Clock, HistorySegment, TaskQueue, Vault } from "../../ports/index.ts";
import { dropLater } from "./drop-blobs.ts";
import { fetchSegment } from "./history.ts";
import { encodeSegment } from "./segment-format.ts";

interface Scrub {
  readonly storage: { readonly vault: Vault; readonly blobs: BlobStore; readonly queue: TaskQueue };
  readonly clock: Clock;
  readonly ref: CubeRef;
  readonly ids: ReadonlySet<string>;
  /** A text that no other rewriting of any process has. */
  readonly newCut: () => string;
}

/**
 * Rewrites every segment that holds a version of the ids, so that erased content is gone from
 * history too. The new blob is stored and pointed to before the old one is deleted; that it must be
 * deleted is queued before. Two may do it at once: whoever finds a segment changed looks again. A
 * segment that can't be rewritten keeps none of the others. Returns how many this call rewrote.
 *
 * @throws the first failure, after all segments were looked at
 */
export async function scrubHistory(scrub: Scrub): Promise<number> {
  const failures: unknown[] = [];
  let scrubbed = 0;
  for (const { toSeq } of await scrub.storage.vault.segments(scrub.ref)) {
    try {
      if (await scrubSegment(scrub, toSeq)) scrubbed++;
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return scrubbed;
}

async function scrubSegment(
  { storage, clock, ref, ids, newCut }: Scrub,
  toSeq: number,
): Promise<boolean> {
  const { vault, blobs, queue } = storage;
  for (let attempt = 1; ; attempt++) {
    const segment = (await vault.segments(ref)).find((each) => each.toSeq === toSeq);
    if (segment === undefined) return false;
    try {
      const content = await fetchSegment(blobs, ref, segment);
      const versions = content.versions.filter((version) => !ids.has(version.id));
      if (versions.length === content.versions.length) return false;
      const bytes = encodeSegment({ commits: content.commits, versions }, newCut());
      const blob = sha256Hex(bytes);
      await dropLater(queue, ref, [segment.blob, blob], clock.now());
      const { sizeBytes } = await blobs.put(ref.tenantId, bytes);
      const rewritten = { ...segment, blob, sizeBytes };
      const replaced = await takesPlace(vault, ref, rewritten, segment.blob);
      await blobs.delete(ref.tenantId, replaced ? segment.blob : blob);
      if (replaced) return true;
      if (attempt >= LIMITS.conflictRetries) throw conflict(ref, segment);
    } catch (error) {
      // Gone: another one's rewriting took its place, or it is lost.
      const moved = isMemCubeError(error, "MEMCUBE_BLOB_DAMAGED");
      if (!moved || attempt >= LIMITS.conflictRetries) throw error;
    }
  }
}

/** Whether the segment still had the blob `replaced`. */
async function takesPlace(
  vault: Vault,
  ref: CubeRef,
  segment: HistorySegment,
  replaced: string,
): Promise<boolean> {
  try {
    await vault.replaceSegment(ref, segment, replaced);
    return true;
  } catch (error) {
    if (isMemCubeError(error, "MEMCUBE_CONFLICT")) return false;
    throw error;
  }
}

function conflict(ref: CubeRef, { fromSeq, toSeq }: HistorySegment): MemCubeError {
  return new MemCubeError("MEMCUBE_CONFLICT", "Others rewrite the history segment all the time.", {
    details: { cubeId: ref.cubeId, fromSeq, toSeq },
  });
}
