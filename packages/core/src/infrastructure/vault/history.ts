import { gunzipSync, gzipSync } from "node:zlib";

import { z } from "zod";

import { MemCubeError } from "../../errors.ts";
import type { CubeRef } from "../../memory/index.ts";
import type {
  BlobStore,
  HistorySegment,
  LogEntry,
  StoredVersion,
  Vault,
} from "../../ports/index.ts";
import { LIMITS } from "../../limits.ts";

/** What a history segment holds: a stretch of the log and the versions that ended in it. */
export interface SegmentContent {
  readonly commits: readonly LogEntry[];
  readonly versions: readonly StoredVersion[];
}

const logEntrySchema = z.strictObject({
  seq: z.int().min(1),
  at: z.number(),
  digest: z.string(),
  head: z.string(),
  body: z.string(),
});
const versionSchema = z.strictObject({
  id: z.string(),
  version: z.int(),
  fromSeq: z.int(),
  toSeq: z.int(),
  content: z.string(),
  salt: z.string(),
  commitment: z.string(),
  visibility: z.string(),
  ordinal: z.number(),
});
const lineSchema = z.union([
  z.strictObject({ commit: logEntrySchema }),
  z.strictObject({ version: versionSchema }),
]);

/** Segment format: gzip of JSON lines, commits first, then versions. */
export function encodeSegment(content: SegmentContent): Uint8Array {
  const lines = [
    ...content.commits.map((commit) => JSON.stringify({ commit })),
    ...content.versions.map(({ vector: _, ...version }) => JSON.stringify({ version })),
  ];
  return gzipSync(lines.join("\n"));
}

/** Reads a segment. @throws MemCubeError `MEMCUBE_BLOB_DAMAGED` */
export function decodeSegment(bytes: Uint8Array): SegmentContent {
  try {
    const commits: LogEntry[] = [];
    const versions: StoredVersion[] = [];
    for (const line of gunzipSync(bytes).toString("utf8").split("\n")) {
      const parsed = lineSchema.parse(JSON.parse(line));
      if ("commit" in parsed) commits.push(parsed.commit);
      else versions.push(parsed.version);
    }
    return { commits, versions };
  } catch (cause) {
    throw new MemCubeError("MEMCUBE_BLOB_DAMAGED", "A history segment can't be read.", { cause });
  }
}

/** Fetches and reads a segment. @throws MemCubeError `MEMCUBE_BLOB_DAMAGED` also when it is gone */
export async function readSegment(
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

/** The whole log after `afterSeq`, from segments and hot storage, oldest first. */
export async function* readLog(
  vault: Vault,
  blobs: BlobStore,
  ref: CubeRef,
  afterSeq: number,
): AsyncGenerator<LogEntry> {
  let last = afterSeq;
  for (const segment of await vault.segments(ref)) {
    if (segment.toSeq <= last) continue;
    for (const commit of (await readSegment(blobs, ref, segment)).commits) {
      if (commit.seq <= last) continue;
      yield commit;
      last = commit.seq;
    }
  }
  for (;;) {
    const page = await vault.log(ref, { afterSeq: last, limit: LIMITS.pageRows });
    for (const entry of page) {
      // A segment may have been cut while we read: what it took is read from there.
      if (entry.seq > last + 1 && last >= afterSeq) {
        const moved = await vault.segments(ref);
        if (moved.some((segment) => segment.toSeq >= last + 1)) {
          yield* readLog(vault, blobs, ref, last);
          return;
        }
      }
      yield entry;
      last = entry.seq;
    }
    if (page.length < LIMITS.pageRows) return;
  }
}

/** Versions of one memory that live in segments, newest first. */
export async function archivedVersions(
  vault: Vault,
  blobs: BlobStore,
  ref: CubeRef,
  id: string,
): Promise<readonly StoredVersion[]> {
  const found: StoredVersion[] = [];
  for (const segment of await vault.segments(ref)) {
    const { versions } = await readSegment(blobs, ref, segment);
    found.push(...versions.filter((version) => version.id === id));
  }
  return found.sort((a, b) => b.fromSeq - a.fromSeq);
}
