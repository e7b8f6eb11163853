import { MemCubeError } from "../../errors.ts";
import type { CommitRequest, VaultWrite } from "../../ports/index.ts";
import type { CubeRow } from "../memory-data.ts";
import { CUBE_HEADER_ID } from "./history.ts";

/** The cube's header and every expected version must be the ones from before the commit. */
export function checkVersions(cube: CubeRow, request: CommitRequest): void {
  const { cubeVersion, cubeCommitment, writes } = request;
  if (cubeVersion !== undefined) assertSame(CUBE_HEADER_ID, cubeVersion, headerVersion(cube));
  if (cubeCommitment !== undefined) {
    assertSame(CUBE_HEADER_ID, cubeCommitment, cube.headers.at(-1)?.commitment ?? "");
  }
  for (const write of writes) {
    if (write.op === "vector") continue;
    if (write.op !== "cube" && write.id === CUBE_HEADER_ID) {
      throw new MemCubeError("MEMCUBE_INVALID_INPUT", "No memory can have the id of the header.");
    }
    if (write.expectedVersion === undefined) continue;
    const id = write.op === "cube" ? CUBE_HEADER_ID : write.id;
    const actual = write.op === "cube" ? headerVersion(cube) : memoryVersion(cube, write.id);
    assertSame(id, write.expectedVersion, actual);
  }
}

function assertSame<T extends number | string>(id: string, expected: T, actual: T): void {
  if (actual === expected) return;
  throw new MemCubeError("MEMCUBE_CONFLICT", "The expected version is not the current one.", {
    details: { id, expected, actual },
  });
}

function headerVersion(cube: CubeRow): number {
  return cube.headers.at(-1)?.version ?? 0;
}

function memoryVersion(cube: CubeRow, id: string): number {
  return cube.memories.get(id)?.versions.at(-1)?.version ?? 0;
}

/** After the commit no two current memories may hold the same external key. */
export function checkExternalKeys(cube: CubeRow, writes: readonly VaultWrite[]): void {
  const holders = new Map<string, string>();
  const written = new Set(writes.flatMap((write) => (isPutOrErase(write) ? [write.id] : [])));
  for (const [id, memory] of cube.memories) {
    const key = memory.versions.at(-1)?.index.externalKey;
    if (key !== undefined && !written.has(id)) holders.set(key, id);
  }
  for (const write of writes) {
    const key = write.op === "put" ? write.index.externalKey : undefined;
    if (write.op !== "put" || key === undefined) continue;
    const holder = holders.get(key);
    if (holder !== undefined && holder !== write.id) {
      throw new MemCubeError("MEMCUBE_DUPLICATE_KEY", "Another memory has this external key.", {
        details: { id: holder },
      });
    }
    holders.set(key, write.id);
  }
}

function isPutOrErase(write: VaultWrite): write is Extract<VaultWrite, { op: "put" | "erase" }> {
  return write.op === "put" || write.op === "erase";
}
