import { MemCubeError } from "../../errors.ts";
import type { Page, Position, Seal } from "../../flow/index.ts";
import type {
  CubeStats,
  HistorySegment,
  LogEntry,
  StoredVersion,
  Vault,
} from "../../ports/index.ts";
import type { CubeRow } from "../memory-data.ts";
import { compareText, pageOf } from "../page-of.ts";
import { storedVersion } from "./read.ts";
import { SYSTEM_ONLY, seesVersion } from "./visible.ts";

/** The id under which a cube's own header keeps its versions: read by the system, never listed. */
export const CUBE_HEADER_ID = "@cube";

/** `Vault.versions` */
export function versions(
  cube: CubeRow | undefined,
  query: Parameters<Vault["versions"]>[1],
): StoredVersion[] {
  if (cube === undefined) return [];
  const { id, access, below = Infinity, limit } = query;
  if (id === CUBE_HEADER_ID) {
    const all = "system" in access ? headerVersions(cube) : [];
    return all
      .reverse()
      .filter(({ version }) => version < below)
      .slice(0, limit);
  }
  const memory = cube.memories.get(id);
  return [...(memory?.versions ?? [])]
    .reverse()
    .filter((row) => row.version < below && seesVersion(access, cube, row))
    .slice(0, limit)
    .map((row) => storedVersion(row));
}

function headerVersions(cube: CubeRow): StoredVersion[] {
  return cube.headers.map(({ header: _parsed, ...row }) => ({
    id: CUBE_HEADER_ID,
    ...row,
    visibility: SYSTEM_ONLY,
    ordinal: 0,
  }));
}

/** `Vault.log` */
export function log(
  cube: CubeRow | undefined,
  query: { readonly afterSeq: number; readonly limit: number },
): LogEntry[] {
  const entries = cube?.log ?? [];
  return entries.filter(({ seq }) => seq > query.afterSeq).slice(0, query.limit);
}

/** `Vault.positionAt` */
export function positionAt(cube: CubeRow | undefined, at: number): Position | undefined {
  const entry = cube?.log.findLast((candidate) => candidate.at <= at);
  return cube && entry && { epoch: cube.epoch, seq: entry.seq, head: entry.head };
}

/** `Vault.seals` */
export function seals(
  cube: CubeRow | undefined,
  query: { readonly afterSeq: number; readonly limit: number },
): Seal[] {
  return (cube?.seals ?? []).filter(({ toSeq }) => toSeq > query.afterSeq).slice(0, query.limit);
}

/** `Vault.seal` */
export function addSeal(cube: CubeRow, seal: Seal): void {
  checkContinues(cube.seals.at(-1), seal);
  cube.seals.push(seal);
}

/** `Vault.endedVersions`: the header's versions end, too. */
export function endedVersions(
  cube: CubeRow | undefined,
  query: Parameters<Vault["endedVersions"]>[1],
): Page<StoredVersion> {
  const memories = [...(cube?.memories.values() ?? [])].flatMap(({ versions }) => versions);
  const all = [...memories.map((row) => storedVersion(row)), ...(cube ? headerVersions(cube) : [])];
  const ended = all
    .filter(({ toSeq }) => toSeq !== undefined && toSeq > query.afterSeq && toSeq <= query.toSeq)
    .sort((a, b) => compareText(a.id, b.id) || a.version - b.version);
  return pageOf(ended, query, {
    keyOf: ({ id, version }) => [id, version] as const,
    isAfter: (row, [id, version]: readonly [string, number]) =>
      compareText(row.id, id) > 0 || (row.id === id && row.version > version),
    itemOf: (row) => row,
  });
}

/** `Vault.addSegment` */
export function addSegment(
  cube: CubeRow,
  segment: HistorySegment,
  expect?: { readonly versions: number },
): void {
  checkContinues(cube.segments.at(-1), segment);
  const query = { afterSeq: 0, toSeq: segment.toSeq, limit: Infinity };
  const actual = endedVersions(cube, query).items.length;
  if (expect !== undefined && expect.versions !== actual) {
    throw new MemCubeError("MEMCUBE_CONFLICT", "Not as many versions ended in the segment.", {
      details: { expected: expect.versions, actual },
    });
  }
  cube.segments.push(segment);
  const isHot = ({ toSeq }: { toSeq?: number }): boolean =>
    toSeq === undefined || toSeq > segment.toSeq;
  cube.log = cube.log.filter(({ seq }) => seq > segment.toSeq);
  cube.headers = cube.headers.filter(isHot);
  for (const memory of cube.memories.values()) memory.versions = memory.versions.filter(isHot);
}

/** `Vault.replaceSegment` */
export function replaceSegment(cube: CubeRow, segment: HistorySegment, replaced: string): void {
  const place = cube.segments.findIndex(
    ({ fromSeq, toSeq, blob }) =>
      fromSeq === segment.fromSeq && toSeq === segment.toSeq && blob === replaced,
  );
  if (place === -1) throw new MemCubeError("MEMCUBE_CONFLICT", "The segment has another blob now.");
  cube.segments[place] = segment;
}

/** INVARIANT: seals and segments are each contiguous from 1. */
function checkContinues(
  last: { readonly toSeq: number } | undefined,
  next: { readonly fromSeq: number; readonly toSeq: number },
): void {
  const expected = (last?.toSeq ?? 0) + 1;
  if (next.fromSeq === expected && next.toSeq >= next.fromSeq) return;
  throw new MemCubeError("MEMCUBE_CONFLICT", "It does not continue the last one.", {
    details: { expected, actual: next.fromSeq },
  });
}

/** `Vault.stats`; all zero when there is no cube. */
export function stats(cube: CubeRow | undefined): CubeStats {
  const memories = [...(cube?.memories.values() ?? [])];
  const versions = memories.flatMap((memory) => memory.versions);
  return {
    memories: memories.length,
    versions: versions.length,
    vectors: memories.filter(({ vector }) => vector !== undefined).length,
    commits: cube?.log.length ?? 0,
    segments: cube?.segments.length ?? 0,
    contentBytes: versions.reduce((sum, { content }) => sum + content.length, 0),
  };
}
