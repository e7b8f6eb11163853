import { isMemCubeError } from "../../errors.ts";
import { LIMITS } from "../../limits.ts";
import { sha256Hex, type CubeRef } from "../../memory/index.ts";
import type {
  BlobStore,
  Clock,
  HistorySegment,
  StoredVersion,
  TaskQueue,
  Vault,
} from "../../ports/index.ts";
import { dropLater } from "./drop-blobs.ts";
import { encodeSegment } from "./segment-format.ts";

export interface ArchiveOptions {
  /** The newest commits, which stay hot. */
  readonly keepCommits: number;
  readonly sealedTo: number;
  /** Nothing is cut until so many commits go into one segment. @default 1 */
  readonly minCommits?: number;
  /** A text that no other cut of any process has. */
  readonly newCut: () => string;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/**
 * Moves history out of hot storage: while more than `keepCommits` sealed commits are hot, the
 * oldest and the versions that ended in them become a segment in the blob store. The blob is stored
 * before anything is removed. Returns the segments made.
 */
export async function archiveHistory(
  storage: { readonly vault: Vault; readonly blobs: BlobStore; readonly queue: TaskQueue },
  ref: CubeRef,
  options: ArchiveOptions,
): Promise<readonly HistorySegment[]> {
  const { vault, blobs } = storage;
  const made: HistorySegment[] = [];
  let lost = 0;
  while (lost < LIMITS.conflictRetries) {
    options.signal?.throwIfAborted();
    const stretch = await nextStretch(vault, ref, options);
    if (stretch === undefined) return made;
    const { fromSeq, toSeq } = stretch;
    const commits = await hotCommits(vault, ref, fromSeq, toSeq);
    const last = commits.at(-1);
    if (last?.seq !== toSeq) return made;
    const versions = await endedVersions(vault, ref, fromSeq - 1, toSeq);
    const bytes = encodeSegment({ commits, versions }, options.newCut());
    const blob = sha256Hex(bytes);
    options.signal?.throwIfAborted();
    await dropLater(storage.queue, ref, [blob], options.clock.now());
    const { sizeBytes } = await blobs.put(ref.tenantId, bytes);
    const segment = { fromSeq, toSeq, head: last.head, toAt: last.at, blob, sizeBytes };
    try {
      await vault.addSegment(ref, segment, { versions: versions.length });
      made.push(segment);
    } catch (error) {
      // Nobody points to it, and as no other cut has these bytes, nobody will.
      await blobs.delete(ref.tenantId, blob);
      // Somebody else cut, or erased one of the versions: what is there now is cut.
      if (!isMemCubeError(error, "MEMCUBE_CONFLICT")) throw error;
      lost++;
    }
  }
  return made;
}

async function nextStretch(
  vault: Vault,
  ref: CubeRef,
  { keepCommits, sealedTo, minCommits = 1 }: ArchiveOptions,
): Promise<{ readonly fromSeq: number; readonly toSeq: number } | undefined> {
  const cube = await vault.cube(ref);
  if (cube === undefined) return undefined;
  const fromSeq = ((await vault.segments(ref)).at(-1)?.toSeq ?? 0) + 1;
  const most = fromSeq + LIMITS.segmentCommits - 1;
  const toSeq = Math.min(sealedTo, cube.position.seq - keepCommits, most);
  return toSeq - fromSeq + 1 < minCommits ? undefined : { fromSeq, toSeq };
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
