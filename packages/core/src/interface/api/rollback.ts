import { MemCubeError } from "../../errors.ts";
import { archivedVersion, toMemory } from "../../infrastructure/vault/index.ts";
import type { CubeHeader, Memory } from "../../memory/index.ts";
import { assertNotFrozen, nextState } from "../../operation/lifecycle/index.ts";
import type { StoredVersion } from "../../ports/index.ts";
import { changeMemory, readVisible } from "./change-memory.ts";
import type { OpenCube } from "./context.ts";
import { enter } from "./cube-access.ts";
import { seesStored } from "./history.ts";
import { changeOptionsSchema, parseInput, type ChangeOptions } from "./options.ts";

/**
 * Restores an earlier version as a new one: history goes on, nothing is lost. Also brings back what
 * was forgotten. Who may see it and who owns it stay as they are now.
 *
 * @throws MemCubeError `MEMCUBE_VERSION_NOT_FOUND`, `MEMCUBE_MEMORY_NOT_FOUND`, `MEMCUBE_CONFLICT`,
 * `MEMCUBE_FROZEN`, `MEMCUBE_FORBIDDEN`
 */
export async function rollback(
  cube: OpenCube,
  id: string,
  version: number,
  rawOptions: ChangeOptions = {},
): Promise<Memory> {
  const { note, ...options } = parseInput(changeOptionsSchema, rawOptions, "options");
  const { header: cubeHeader } = await enter(cube, "memory.read");
  await readVisible(cube, id);
  const stored = await storedVersion(cube, cubeHeader, id, version);
  if (stored === undefined) {
    throw new MemCubeError("MEMCUBE_VERSION_NOT_FOUND", `Memory ${id} has no version ${version}.`, {
      details: { id, version },
    });
  }
  const then = toMemory(cube.ref, stored);
  return await changeMemory(cube, id, {
    action: "memory.rollback",
    op: "rollback",
    restored: version,
    ...options,
    next: ({ header }) => {
      assertNotFrozen(header);
      const { owner, allow, deny } = header;
      return {
        header: {
          ...then.header,
          owner,
          ...(allow === undefined ? { allow: undefined } : { allow }),
          ...(deny === undefined ? { deny: undefined } : { deny }),
          state: nextState(header.state, "rollback"),
          updatedAt: Math.max(cube.context.clock.now(), header.updatedAt),
        },
        payload: then.payload,
        edges: then.edges,
        ...(note === undefined ? {} : { note }),
      };
    },
  });
}

async function storedVersion(
  cube: OpenCube,
  header: CubeHeader,
  id: string,
  version: number,
): Promise<StoredVersion | undefined> {
  const { context, ref, principals } = cube;
  const query = { id, access: { principals }, below: version + 1, limit: 1 };
  const [hot] = await context.storage.vault.versions(ref, query);
  if (hot?.version === version) return hot;
  const sees = seesStored(cube, header);
  return await archivedVersion(
    context.storage,
    ref,
    (stored) => stored.id === id && stored.version === version && sees(stored),
  );
}
