import { gunzipSync, gzipSync } from "node:zlib";

import { z } from "zod";

import { MemCubeError } from "../../errors.ts";
import type { LogEntry, StoredVersion } from "../../ports/index.ts";

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
  z.strictObject({ cut: z.string() }),
]);

/**
 * Segment format: gzip of JSON lines, commits first, then versions. With `cut` (any text that no
 * other cut has) the bytes, and so the blob, are those of this one cut alone: who gives it up may
 * delete it.
 */
export function encodeSegment(content: SegmentContent, cut?: string): Uint8Array {
  const lines = [
    ...(cut === undefined ? [] : [JSON.stringify({ cut })]),
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
      else if ("version" in parsed) versions.push(parsed.version);
    }
    return { commits, versions };
  } catch (cause) {
    throw new MemCubeError("MEMCUBE_BLOB_DAMAGED", "A history segment can't be read.", { cause });
  }
}
