import { isMemCubeError, MemCubeError } from "../../errors.ts";
import { LIMITS } from "../../limits.ts";
import type { CubeRef } from "../../memory/index.ts";
import type {
  BlobStore,
  HistorySegment,
  LogEntry,
  StoredVersion,
  Vault,
} from "../../ports/index.ts";
import { decodeSegment, type SegmentContent } from "./segment-format.ts";

/** Where history lies. */
export interface Places {
  readonly vault: Vault;
  readonly blobs: BlobStore;
}

/** Told of a segment that can't be read, instead of an error. */
export type OnDamaged = (segment: HistorySegment) => void;

/**
 * Fetches and reads a segment. An erasure may give it another blob meanwhile: then that one is read.
 *
 * @throws MemCubeError `MEMCUBE_BLOB_DAMAGED` also when it is gone, `MEMCUBE_CUBE_NOT_FOUND` when the
 * cube was deleted meanwhile
 */
export async function readSegment(
  { vault, blobs }: Places,
  ref: CubeRef,
  segment: HistorySegment,
): Promise<SegmentContent> {
  let current = segment;
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetchSegment(blobs, ref, current);
    } catch (error) {
      if (!isMemCubeError(error, "MEMCUBE_BLOB_DAMAGED")) throw error;
      const now = (await vault.segments(ref)).find(({ toSeq }) => toSeq === segment.toSeq);
      if (now === undefined) throw gone(ref);
      if (now.blob === current.blob || attempt >= LIMITS.conflictRetries) throw error;
      current = now;
    }
  }
}

/** Fetches and reads the blob a segment points to. @throws MemCubeError `MEMCUBE_BLOB_DAMAGED` */
export async function fetchSegment(
  blobs: BlobStore,
  ref: CubeRef,
  segment: HistorySegment,
): Promise<SegmentContent> {
  const bytes = await blobs.get(ref.tenantId, segment.blob);
  if (bytes === undefined) {
    throw new MemCubeError(
      "MEMCUBE_BLOB_DAMAGED",
      `The history segment of commits ${segment.fromSeq} to ${segment.toSeq} is missing.`,
      { details: { cubeId: ref.cubeId, fromSeq: segment.fromSeq, blob: segment.blob } },
    );
  }
  return decodeSegment(bytes);
}

/**
 * The segments that end after `afterSeq` with what they hold, oldest first; one at a time is held.
 *
 * @param onDamaged told of those that can't be read. @default it is an error
 */
export async function* readSegments(
  places: Places,
  ref: CubeRef,
  afterSeq: number,
  onDamaged?: OnDamaged,
): AsyncGenerator<SegmentContent & { readonly segment: HistorySegment }> {
  for (const segment of await places.vault.segments(ref)) {
    if (segment.toSeq <= afterSeq) continue;
    let content: SegmentContent | undefined;
    try {
      content = await readSegment(places, ref, segment);
    } catch (error) {
      if (onDamaged === undefined || !isMemCubeError(error, "MEMCUBE_BLOB_DAMAGED")) throw error;
      onDamaged(segment);
    }
    yield { segment, ...(content ?? { commits: [], versions: [] }) };
  }
}

/** The whole log after `afterSeq`, from segments and hot storage, oldest first. */
export async function* readLog(
  places: Places,
  ref: CubeRef,
  afterSeq: number,
  onDamaged?: OnDamaged,
): AsyncGenerator<LogEntry> {
  let last = afterSeq;
  let archivedTo = afterSeq;
  for (;;) {
    for await (const { segment, commits } of readSegments(places, ref, archivedTo, onDamaged)) {
      for (const commit of commits) {
        if (commit.seq <= last) continue;
        yield commit;
        last = commit.seq;
      }
      archivedTo = segment.toSeq;
    }
    let cut = false;
    while (!cut) {
      const page = await places.vault.log(ref, { afterSeq: last, limit: LIMITS.pageRows });
      for (const entry of page) {
        // A segment may have been cut while we read: what it took is read from there. A gap that no
        // further segment fills is a gap.
        cut = entry.seq > last + 1 && (await archivedSince(places.vault, ref, archivedTo));
        if (cut) break;
        yield entry;
        last = entry.seq;
      }
      if (!cut && page.length < LIMITS.pageRows) return;
    }
  }
}

async function archivedSince(vault: Vault, ref: CubeRef, archivedTo: number): Promise<boolean> {
  return ((await vault.segments(ref)).at(-1)?.toSeq ?? 0) > archivedTo;
}

/** One commit, hot or archived; `undefined` when the log has none of this number. */
export async function readCommit(
  places: Places,
  ref: CubeRef,
  seq: number,
): Promise<LogEntry | undefined> {
  const [hot] = await places.vault.log(ref, { afterSeq: seq - 1, limit: 1 });
  if (hot?.seq === seq) return hot;
  const segment = (await places.vault.segments(ref)).find(({ toSeq }) => toSeq >= seq);
  if (segment === undefined) return undefined;
  const { commits } = await readSegment(places, ref, segment);
  return commits.find((commit) => commit.seq === seq);
}

/** One version of one memory that lives in a segment; the newest segments are looked at first. */
export async function archivedVersion(
  places: Places,
  ref: CubeRef,
  matches: (stored: StoredVersion) => boolean,
  afterSeq = 0,
): Promise<StoredVersion | undefined> {
  for (const segment of [...(await places.vault.segments(ref))].reverse()) {
    if (segment.toSeq <= afterSeq) return undefined;
    const { versions } = await readSegment(places, ref, segment);
    const found = versions.find(matches);
    if (found !== undefined) return found;
  }
  return undefined;
}

function gone(ref: CubeRef): MemCubeError {
  return new MemCubeError("MEMCUBE_CUBE_NOT_FOUND", "The cube was deleted meanwhile.", {
    details: { cubeId: ref.cubeId },
  });
}
