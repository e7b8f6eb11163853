import { authorize } from "../../infrastructure/governance/index.ts";
import { noteOf, readSegments, toMemory } from "../../infrastructure/vault/index.ts";
import { LIMITS } from "../../limits.ts";
import { seesClass, visibilityFromKey, type CubeHeader, type Memory } from "../../memory/index.ts";
import type { LogEntry, StoredVersion } from "../../ports/index.ts";
import type { OpenCube } from "./context.ts";
import { enter } from "./cube-access.ts";
import { idSchema, parseInput } from "./options.ts";
import { permittedNow } from "./permitted-now.ts";
import { writtenBy, type WrittenBy } from "./written-by.ts";

/** A version with who wrote it, and the reason they gave. */
export interface HistoricMemory extends Memory {
  readonly note?: string;
  /** Left out only when the log that tells it is damaged. */
  readonly written?: WrittenBy;
}

/**
 * All versions of a memory, newest first; empty when there is none that the caller may see. A version
 * is seen when the lists it had and those of the current version permit; a memory that has expired has
 * no history to be read.
 */
export async function history(cube: OpenCube, id: string): Promise<readonly HistoricMemory[]> {
  parseInput(idSchema, id, "id");
  const { header } = await enter(cube, "memory.read");
  if (!(await permittedNow(cube, [id])).has(id)) return [];
  const { versions, commits } = await everyVersion(cube, header, id);
  const written = await writtenBy(cube, { id, versions, commits, every: mayReadLog(cube, header) });
  return versions.map((stored) => {
    const note = noteOf(stored);
    const by = written.get(stored.fromSeq);
    return {
      ...toMemory(cube.ref, stored),
      ...(note === undefined ? {} : { note }),
      ...(by === undefined ? {} : { written: by }),
    };
  });
}

function mayReadLog({ principals, ref }: OpenCube, header: CubeHeader): boolean {
  const request = { principals: new Set<string>(principals), cubeId: ref.cubeId, cube: header };
  return authorize({ ...request, action: "log.read" }).effect === "permit";
}

/** Whether the caller may see a version that comes from a segment, by its own lists. */
export function seesStored({ principals }: OpenCube, header: CubeHeader) {
  const set = new Set<string>(principals);
  return (stored: StoredVersion): boolean =>
    seesClass(set, visibilityFromKey(stored.visibility), header);
}

/** Versions of one memory, newest first, and the archived commits that tell of it: in one pass. */
async function everyVersion(
  cube: OpenCube,
  header: CubeHeader,
  id: string,
): Promise<{
  readonly versions: readonly StoredVersion[];
  readonly commits: ReadonlyMap<number, LogEntry>;
}> {
  const { context, ref } = cube;
  // Hot ones first: a version only moves from there to a segment.
  const found = new Map((await hotVersions(cube, id)).map((stored) => [stored.fromSeq, stored]));
  const commits = new Map<number, LogEntry>();
  const sees = seesStored(cube, header);
  const named = JSON.stringify(id);
  for await (const segment of readSegments(context.storage, ref, 0)) {
    for (const entry of segment.commits) {
      if (entry.body.includes(named)) commits.set(entry.seq, entry);
    }
    for (const stored of segment.versions) {
      if (stored.id !== id || found.has(stored.fromSeq) || !sees(stored)) continue;
      found.set(stored.fromSeq, stored);
    }
  }
  return { versions: [...found.values()].sort((a, b) => b.fromSeq - a.fromSeq), commits };
}

async function hotVersions(cube: OpenCube, id: string): Promise<readonly StoredVersion[]> {
  const { context, ref, principals } = cube;
  const query = { id, access: { principals }, limit: LIMITS.pageRows };
  const found: StoredVersion[] = [];
  for (;;) {
    const below = found.at(-1)?.version;
    const page = await context.storage.vault.versions(
      ref,
      below === undefined ? query : { ...query, below },
    );
    found.push(...page);
    if (page.length < LIMITS.pageRows) return found;
  }
}
