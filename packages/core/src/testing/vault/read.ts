import type { Access, Page } from "../../flow/index.ts";
import type {
  StoredCube,
  StoredVersion,
  Vault,
  VaultCapabilities,
  VaultFilter,
} from "../../ports/index.ts";
import type { CubeRow, MemoryData, MemoryRow, VersionRow } from "../memory-data.ts";
import { compareText, pageOf } from "../page-of.ts";
import { seesVersion, seesWholeCube } from "./visible.ts";

type Query<Name extends "read" | "readByKey" | "list" | "candidates" | "edgesTo"> = Parameters<
  Vault[Name]
>[1];

interface ReadAt {
  readonly access: Access;
  readonly seq?: number;
  readonly now?: number;
}

/** `Vault.read` */
export function read(cube: CubeRow | undefined, query: Query<"read">): StoredVersion[] {
  if (cube === undefined) return [];
  return query.ids.flatMap((id) => {
    const memory = cube.memories.get(id);
    const version = memory && versionSeen(cube, memory, query);
    return memory && version
      ? [storedVersion(version, query.vectors ? memory.vector : undefined)]
      : [];
  });
}

/** `Vault.readByKey` */
export function readByKey(cube: CubeRow | undefined, query: Query<"readByKey">): StoredVersion[] {
  if (cube === undefined) return [];
  const { externalKeys, ...rest } = query;
  const ids = externalKeys.flatMap((key) => {
    const found = rowsSeen(cube, rest).find(({ version }) => version.index.externalKey === key);
    return found === undefined ? [] : [found.version.id];
  });
  return read(cube, { ...rest, ids });
}

/** `Vault.list` */
export function list(cube: CubeRow | undefined, query: Query<"list">): Page<StoredVersion> {
  const rows = cube === undefined ? [] : rowsSeen(cube, query);
  const found = rows.filter(({ version }) => passes(version, query.filter));
  const oldest = query.order === "oldest";
  return pageOf(oldest ? found : found.reverse(), query, {
    keyOf: ({ memory }) => memory.ordinal,
    isAfter: ({ memory }, ordinal: number) =>
      oldest ? memory.ordinal > ordinal : memory.ordinal < ordinal,
    itemOf: ({ memory, version }) =>
      storedVersion(version, query.vectors ? memory.vector : undefined),
  });
}

/**
 * `Vault.candidates`, ranked by how many of the terms a memory has, and by how near its vector is to the
 * query's where there are vectors.
 */
export function candidates(
  cube: CubeRow | undefined,
  query: Query<"candidates">,
  vectors: VaultCapabilities["vectors"],
): { id: string; score: number }[] {
  const { filter, terms, vector, ...at } = query;
  const rows = cube === undefined ? [] : rowsSeen(cube, at);
  const asked = vectors !== undefined && vector?.length === vectors.dimensions ? vector : undefined;
  return rows
    .filter(({ version }) => passes(version, filter))
    .map(({ version, memory }) => {
      const own = memory.vector?.model === vectors?.model ? memory.vector?.values : undefined;
      const near = asked && own ? (1 + cosine(asked, own)) / 2 : 0;
      return { id: version.id, score: overlap(version.index.terms, terms) + near };
    })
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, query.limit);
}

function cosine(one: Float32Array, other: Float32Array): number {
  const dot = (a: Float32Array, b: Float32Array): number =>
    a.reduce((sum, value, place) => sum + value * (b[place] ?? 0), 0);
  return dot(one, other) / Math.sqrt(dot(one, one) * dot(other, other));
}

function overlap(text: string, terms: readonly string[]): number {
  const held = new Set(text.split(" "));
  return new Set(terms.filter((term) => held.has(term))).size;
}

/** `Vault.cubes` */
export function cubes(data: MemoryData, query: Parameters<Vault["cubes"]>[0]): Page<StoredCube> {
  const rows = [...data.cubes.values()]
    .filter((cube) => cube.ref.tenantId === query.tenantId && seesWholeCube(query.access, cube))
    .sort((a, b) => compareText(a.ref.cubeId, b.ref.cubeId));
  return pageOf(rows, query, {
    keyOf: (cube) => cube.ref.cubeId,
    isAfter: (cube, cubeId: string) => compareText(cube.ref.cubeId, cubeId) > 0,
    itemOf: storedCube,
  });
}

export function storedCube(cube: CubeRow): StoredCube {
  const current = cube.headers.at(-1);
  if (current === undefined) throw new TypeError("a cube without a header");
  const { version, content, salt, commitment } = current;
  const { ref, at, epoch, seq, head } = cube;
  return { ref, version, content, salt, commitment, position: { epoch, seq, head }, at };
}

/** Memories in creation order, each with the version that the query is about and may see. */
export function rowsSeen(
  cube: CubeRow,
  query: ReadAt,
): { readonly memory: MemoryRow; readonly version: VersionRow }[] {
  return [...cube.memories.values()]
    .sort((a, b) => a.ordinal - b.ordinal)
    .flatMap((memory) => {
      const version = versionSeen(cube, memory, query);
      return version === undefined ? [] : [{ memory, version }];
    });
}

function versionSeen(cube: CubeRow, memory: MemoryRow, query: ReadAt): VersionRow | undefined {
  const seq = query.seq ?? cube.seq;
  const version = memory.versions.find(
    ({ fromSeq, toSeq }) => fromSeq <= seq && (toSeq === undefined || seq < toSeq),
  );
  if (version === undefined || !seesVersion(query.access, cube, version)) return undefined;
  const { expiresAt } = version.index;
  const expired = query.now !== undefined && expiresAt !== undefined && expiresAt <= query.now;
  return expired ? undefined : version;
}

function passes({ index }: VersionRow, filter: VaultFilter): boolean {
  return (
    (filter.kinds?.includes(index.kind) ?? true) &&
    (filter.types?.includes(index.type) ?? true) &&
    (filter.states?.includes(index.state) ?? true) &&
    (filter.tags?.every((tag) => index.tags.includes(tag)) ?? true) &&
    (filter.sessionId === undefined || filter.sessionId === index.sessionId) &&
    (filter.from === undefined || index.at >= filter.from) &&
    (filter.to === undefined || index.at < filter.to)
  );
}

/** A version as the port returns it. */
export function storedVersion(row: VersionRow, vector?: MemoryRow["vector"]): StoredVersion {
  const { index, toSeq, ...kept } = row;
  return {
    ...kept,
    visibility: index.visibility,
    ...(toSeq === undefined ? {} : { toSeq }),
    ...(vector === undefined ? {} : { vector }),
  };
}
