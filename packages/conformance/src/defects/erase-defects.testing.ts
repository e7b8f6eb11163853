import { cubeKey, type CubeRef, type StoredEdge, type StoredVersion } from "@memcube/core";
import type { MemoryData, MemoryStorage } from "@memcube/core/testing";

import type { Broken, Defect } from "./defect.testing.ts";

type MemoryRow = NonNullable<ReturnType<typeof memoryOf>>;

function memoryOf(data: MemoryData, cube: CubeRef, id: string) {
  return data.cubes.get(cubeKey(cube))?.memories.get(id);
}

/** A storage that is told of each memory before and after its erasure. */
function erases(
  right: MemoryStorage,
  before: (cube: CubeRef, memory: MemoryRow, id: string) => void,
  after?: (cube: CubeRef, id: string) => void,
): Broken["vault"] {
  return {
    commit: async (request) => {
      const ids = request.writes.flatMap((write) => (write.op === "erase" ? [write.id] : []));
      for (const id of ids) {
        const memory = memoryOf(right.data, request.cube, id);
        if (memory !== undefined) before(request.cube, memory, id);
      }
      const receipt = await right.vault.commit(request);
      for (const id of ids) after?.(request.cube, id);
      return receipt;
    },
  };
}

export const eraseDefects: readonly Defect[] = [
  {
    port: "vault",
    name: "an erasure leaves the edges",
    breakIt: (right) => {
      const left: StoredEdge[] = [];
      const keepEdges = (_cube: CubeRef, { versions }: MemoryRow, from: string): void => {
        const { index, version: fromVersion = 0 } = versions.at(-1) ?? {};
        left.push(...(index?.edges ?? []).map((edge) => ({ ...edge, from, fromVersion })));
      };
      return {
        vault: {
          ...erases(right, keepEdges),
          edgesTo: async (ref, query) => {
            const page = await right.vault.edgesTo(ref, query);
            return { ...page, items: [...page.items, ...left] };
          },
        },
      };
    },
  },
  {
    port: "vault",
    name: "an erasure leaves the replaced versions",
    breakIt: (right) => {
      const left: StoredVersion[] = [];
      const keepVersions = (_cube: CubeRef, { versions }: MemoryRow): void => {
        for (const { index, ...row } of versions.slice(0, -1)) {
          left.push({ ...row, visibility: index.visibility });
        }
      };
      return {
        vault: {
          ...erases(right, keepVersions),
          versions: async (ref, query) => {
            const found = await right.vault.versions(ref, query);
            return [...found, ...left.filter(({ id }) => id === query.id)];
          },
        },
      };
    },
  },
  {
    port: "vault",
    name: "an erasure leaves the vector",
    breakIt: (right) => {
      const left = new Map<string, NonNullable<MemoryRow["vector"]>>();
      const keepVector = (_cube: CubeRef, { vector }: MemoryRow, id: string): void => {
        if (vector !== undefined) left.set(id, vector);
      };
      return {
        vault: {
          ...erases(right, keepVector),
          read: async (ref, query) => {
            const found = await right.vault.read(ref, query);
            if (query.vectors !== true) return found;
            return found.map((row) => ({ ...row, vector: row.vector ?? left.get(row.id) }));
          },
        },
      };
    },
  },
  {
    port: "vault",
    name: "an erasure leaves the usage",
    breakIt: (right) => {
      const { usage } = right.data;
      const left = new Map(usage.get(""));
      const keepUsage = (cube: CubeRef, _memory: MemoryRow, id: string): void => {
        const counters = usage.get(cubeKey(cube))?.get(id);
        if (counters !== undefined) left.set(id, counters);
      };
      const putBack = (cube: CubeRef, id: string): void => {
        const counters = left.get(id);
        if (counters !== undefined) usage.get(cubeKey(cube))?.set(id, counters);
      };
      return { vault: erases(right, keepUsage, putBack) };
    },
  },
];
