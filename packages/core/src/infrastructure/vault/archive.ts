import type { CubeRef } from "../../memory/index.ts";
import { isMemCubeError } from "../../errors.ts";
import type { BlobStore, HistorySegment, StoredVersion, Vault } from "../../ports/index.ts";
import { LIMITS } from "../../limits.ts";
import { encodeSegment, readSegment } from "./history.ts";

interface Places {
  readonly vault: Vault;
  readonly blobs: BlobStore;
}

/**
 * Moves history out of hot storage: while more than `keepCommits` sealed commits are hot, the
 * oldest and the versions that ended in them become a segment in the blob store. The blob is stored
 * before anything is removed. Returns the segments made.
 */
export async function archiveHistory(
  { vault, blobs }: Places,
  ref: CubeRef,
  options: {
    readonly keepCommits: number;
    readonly sealedTo: number;
    readonly signal?: AbortSignal;
  },
): Promise<readonly HistorySegment[]> {
  const made: HistorySegment[] = [];
  for (;;) {
    options.signal?.throwIfAborted();
    const cube = await vault.cube(ref);
    if (cube === undefined) return made;
    const fromSeq = ((await vault.segments(ref)).at(-1)?.toSeq ?? 0) + 1;
    const lastSeq = Math.min(
      options.sealedTo,
      cube.position.seq - options.keepCommits,
      fromSeq + LIMITS.segmentCommits - 1,
    );
    if (lastSeq < fromSeq) return made;
    const commits = await hotCommits(vault, ref, fromSeq, lastSeq);
    const last = commits.at(-1);
    if (last === undefined || last.seq !== lastSeq) return made;
    const versions = await endedVersions(vault, ref, fromSeq - 1, lastSeq);
    const bytes = encodeSegment({ commits, versions });
    const { hash, sizeBytes } = await blobs.put(ref.tenantId, bytes);
    const segment = {
      fromSeq,
      toSeq: lastSeq,
      head: last.head,
      toAt: last.at,
      blob: hash,
      sizeBytes,
    };
    try {
      await vault.addSegment(ref, segment);
    } catch (error) {
      // Another process made the same segment: its blob may be this very one, so it stays.
      if (isMemCubeError(error, "MEMCUBE_CONFLICT")) return made;
      throw error;
    }
    made.push(segment);
  }
}

/**
 * Rewrites every segment that holds a version of the ids, so that erased content is gone from
 * history too. The new blob is stored and pointed to before the old one is deleted. Two may do it at
 * once: whoever finds a segment changed looks again. Returns how many segments this call rewrote.
 */
export async function scrubHistory(
  places: Places,
  ref: CubeRef,
  ids: ReadonlySet<string>,
): Promise<number> {
  let scrubbed = 0;
  for (const { toSeq } of await places.vault.segments(ref)) {
    if (await scrubSegment(places, ref, toSeq, ids)) scrubbed++;
  }
  return scrubbed;
}

async function scrubSegment(
  { vault, blobs }: Places,
  ref: CubeRef,
  toSeq: number,
  ids: ReadonlySet<string>,
): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    const segment = (await vault.segments(ref)).find((each) => each.toSeq === toSeq);
    if (segment === undefined) return false;
    try {
      const content = await readSegment(blobs, ref, segment);
      const versions = content.versions.filter((version) => !ids.has(version.id));
      if (versions.length === content.versions.length) return false;
      const bytes = encodeSegment({ commits: content.commits, versions });
      const { hash, sizeBytes } = await blobs.put(ref.tenantId, bytes);
      await vault.replaceSegment(ref, { ...segment, blob: hash, sizeBytes }, segment.blob);
      await blobs.delete(ref.tenantId, segment.blob);
      return true;
    } catch (error) {
      const moved =
        isMemCubeError(error, "MEMCUBE_CONFLICT") || isMemCubeError(error, "MEMCUBE_BLOB_DAMAGED");
      if (!moved || attempt >= LIMITS.conflictRetries) throw error;
    }
  }
}

async function hotCommits(vault: Vault, ref: CubeRef, fromSeq: number, toSeq: number) {
  const commits = [];
  let after = fromSeq - 1;
  while (after < toSeq) {
    const page = await vault.log(ref, {
      afterSeq: after,
      limit: Math.min(LIMITS.pageRows, toSeq - after),
    });
    if (page.length === 0) break;
    commits.push(...page);
    after = page.at(-1)?.seq ?? toSeq;
  }
  return commits;
}

async function endedVersions(
  vault: Vault,
  ref: CubeRef,
  afterSeq: number,
  toSeq: number,
): Promise<readonly StoredVersion[]> {
  const versions: StoredVersion[] = [];
  let cursor: string | undefined;
  do {
    const query = { afterSeq, toSeq, limit: LIMITS.pageRows };
    const page = await vault.endedVersions(
      ref,
      cursor === undefined ? query : { ...query, cursor },
    );
    versions.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return versions;
}
