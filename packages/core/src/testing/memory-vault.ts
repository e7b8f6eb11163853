import { MemCubeError } from "../errors.ts";
import { cubeKey, type CubeRef } from "../memory/index.ts";
import type { Vault, VaultCapabilities } from "../ports/index.ts";
import type { DirectPort } from "./direct-port.ts";
import type { CubeRow, MemoryData } from "./memory-data.ts";
import { commit } from "./vault/commit.ts";
import { edgesTo } from "./vault/edges.ts";
import {
  addSeal,
  addSegment,
  endedVersions,
  log,
  positionAt,
  replaceSegment,
  seals,
  stats,
  versions,
} from "./vault/history.ts";
import { candidates, cubes, list, read, readByKey, storedCube } from "./vault/read.ts";

/** The vault port on maps and arrays. */
export function memoryVault(
  data: MemoryData,
  options: {
    readonly candidates?: boolean;
    readonly vectors?: VaultCapabilities["vectors"];
  },
): DirectPort<Vault> {
  const { candidates: proposes = false, vectors } = options;
  const find = (ref: CubeRef) => data.cubes.get(cubeKey(ref));
  const need = (ref: CubeRef) => found(find(ref));
  return {
    capabilities: {
      candidates: proposes,
      ...(proposes && vectors !== undefined ? { vectors } : {}),
      atomicAcrossCubes: false,
      durability: "none",
      linkHash: "sha256",
    },
    commit: (request) => commit(data, request),
    cube: (ref) => {
      const cube = find(ref);
      return cube && storedCube(cube);
    },
    cubes: (query) => cubes(data, query),
    dropCube: (ref) => {
      data.usage.delete(cubeKey(ref));
      return data.cubes.delete(cubeKey(ref));
    },
    position: (ref) => {
      const cube = find(ref);
      return cube && storedCube(cube).position;
    },
    read: (ref, query) => read(find(ref), query),
    readByKey: (ref, query) => readByKey(find(ref), query),
    list: (ref, query) => list(find(ref), query),
    versions: (ref, query) => versions(find(ref), query),
    log: (ref, query) => log(find(ref), query),
    positionAt: (ref, at) => positionAt(find(ref), at),
    edgesTo: (ref, query) => edgesTo(find(ref), query),
    seals: (ref, query) => seals(find(ref), query),
    seal: (ref, seal) => addSeal(need(ref), seal),
    lease: (ref, { name, holder, now, until }) => {
      const { leases } = need(ref);
      const held = leases.get(name);
      if (held !== undefined && held.holder !== holder && held.until > now) return false;
      leases.set(name, { holder, until });
      return true;
    },
    mark: (ref, name) => find(ref)?.marks.get(name),
    setMark: (ref, name, value) => {
      const { marks } = need(ref);
      if (value === undefined) marks.delete(name);
      else marks.set(name, value);
    },
    segments: (ref) => find(ref)?.segments ?? [],
    endedVersions: (ref, query) => endedVersions(find(ref), query),
    addSegment: (ref, segment, expect) => addSegment(need(ref), segment, expect),
    replaceSegment: (ref, segment, replaced) => replaceSegment(need(ref), segment, replaced),
    stats: (ref) => stats(find(ref)),
    candidates: (ref, query) => {
      if (proposes) return candidates(find(ref), query, vectors);
      throw new MemCubeError("MEMCUBE_NOT_SUPPORTED", "This storage proposes no candidates.");
    },
  };
}

function found(cube: CubeRow | undefined): CubeRow {
  if (cube !== undefined) return cube;
  throw new MemCubeError("MEMCUBE_CUBE_NOT_FOUND", "There is no cube of this id.");
}
