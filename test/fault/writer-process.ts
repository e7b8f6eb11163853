/**
 * A process that writes until it is killed, and says on its standard output what was acknowledged: one
 * JSON line for each commit. Run by `crash-campaign.ts`:
 *
 *   node --conditions=@memcube/source writer-process.ts <path> <writer> <round> <durability>
 */
import { writeSync } from "node:fs";

import { commitRequest, cubeWrite, memoryWrite } from "@memcube/conformance";
import {
  type CubeRef,
  isMemCubeError,
  type NewTask,
  type Storage,
  type VaultWrite,
} from "@memcube/core";
import { sqliteStorage } from "@memcube/sqlite";

import { type Acknowledged, SHARED, TENANT, wordOf } from "./acknowledged.ts";

const [path = "", writer = "", round = "", durability = "process"] = process.argv.slice(2);
const own: CubeRef = { tenantId: TENANT, cubeId: `own-${writer}` };
let serial = 0;

const storage = await sqliteStorage({
  path,
  durability: durability === "power" ? "power" : "process",
});
for (const cube of [own, SHARED]) await createCube(storage, cube);
await Promise.all([fill(own), fill(own), race(SHARED)]);

async function createCube({ vault }: Storage, cube: CubeRef): Promise<void> {
  try {
    await commit(cube, [cubeWrite(cube)]);
  } catch (error) {
    if (!isMemCubeError(error, "MEMCUBE_CUBE_EXISTS")) throw error;
    if ((await vault.cube(cube)) === undefined) throw error;
  }
}

/** New memories, then a new version of the first and the end of the last. */
async function fill(cube: CubeRef): Promise<void> {
  for (;;) {
    const [first, last] = [newId(), newId()];
    const ids = [first, newId(), newId(), last];
    await commit(
      cube,
      ids.map((id) => version(cube, id, 1)),
    );
    await commit(cube, [version(cube, first, 2)]);
    await commit(cube, [{ op: "erase", id: last }, version(cube, newId(), 1)]);
  }
}

/** Writes the one memory that every writer writes, by compare-and-set. */
async function race(cube: CubeRef): Promise<void> {
  for (;;) {
    const [current] = await storage.vault.read(cube, {
      access: { system: "write" },
      ids: ["contested"],
    });
    try {
      await commit(cube, [version(cube, "contested", (current?.version ?? 0) + 1)]);
    } catch (error) {
      if (!isMemCubeError(error, "MEMCUBE_CONFLICT") && !isMemCubeError(error, "MEMCUBE_BUSY"))
        throw error;
    }
  }
}

function newId(): string {
  serial += 1;
  return `${writer}-${round}-${serial}`;
}

function version(cube: CubeRef, id: string, number: number): VaultWrite {
  const text = `${wordOf(id, number)} lorem ipsum dolor sit amet`;
  return memoryWrite(cube, { id, text, terms: text, expectedVersion: number - 1, version: number });
}

async function commit(cube: CubeRef, writes: readonly VaultWrite[]): Promise<void> {
  const commitId = newId();
  const task: NewTask = {
    key: commitId,
    tenantId: TENANT,
    cubeId: cube.cubeId,
    type: "work",
    payload: { commitId },
  };
  const { position } = await storage.vault.commit(
    commitRequest({ cube, writes, tasks: [task], commitId }),
  );
  const written = writes.flatMap((write) =>
    write.op === "put" ? [[write.id, write.version] as const] : [],
  );
  const line: Acknowledged = {
    cubeId: cube.cubeId,
    commitId,
    seq: position.seq,
    head: position.head,
    written,
  };
  writeSync(1, `${JSON.stringify(line)}\n`);
}
