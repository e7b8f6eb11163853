import { seesClass, visibilityFromKey, type Memory } from "../../memory/index.ts";
import { archivedVersions, noteOf, toMemory } from "../../infrastructure/vault/index.ts";
import { LIMITS } from "../../limits.ts";
import type { StoredVersion } from "../../ports/index.ts";
import type { OpenCube } from "./context.ts";
import { enter, type CubeState } from "./cube-access.ts";
import { idSchema, parseInput } from "./options.ts";
import { writtenBy, type WrittenBy } from "./written-by.ts";

/** A version with who wrote it, and the reason they gave. */
export interface HistoricMemory extends Memory {
  readonly note?: string;
  /** Left out only when the log that tells it is damaged. */
  readonly written?: WrittenBy;
}

/**
 * All versions of a memory, newest first; empty when there is none that the caller may see. Each
 * version is judged by the lists it had.
 */
export async function history(cube: OpenCube, id: string): Promise<readonly HistoricMemory[]> {
  parseInput(idSchema, id, "id");
  const state = await enter(cube, "memory.read");
  const versions = await storedVersions(cube, state, id);
  const writers = await writtenBy(
    cube,
    id,
    versions.map((stored) => stored.fromSeq),
  );
  return versions.map((stored) => {
    const note = noteOf(stored);
    const written = writers.get(stored.fromSeq);
    return {
      ...toMemory(cube.ref, stored),
      ...(note === undefined ? {} : { note }),
      ...(written === undefined ? {} : { written }),
    };
  });
}

/** Stored versions of one memory from hot storage and segments, newest first. */
export async function storedVersions(
  { context, ref, principals }: OpenCube,
  { header }: Pick<CubeState, "header">,
  id: string,
): Promise<readonly StoredVersion[]> {
  const { vault, blobs } = context.storage;
  const hot = await vault.versions(ref, {
    id,
    access: { principals },
    limit: LIMITS.pageRows,
  });
  const set = new Set<string>(principals);
  const cold = (await archivedVersions(vault, blobs, ref, id)).filter((stored) =>
    seesClass(set, visibilityFromKey(stored.visibility), header),
  );
  const known = new Set(hot.map((stored) => stored.fromSeq));
  return [...hot, ...cold.filter((stored) => !known.has(stored.fromSeq))];
}
