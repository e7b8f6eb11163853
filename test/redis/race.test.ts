import { commitRequest, memoryWrite } from "@memcube/conformance";
import { isMemCubeError, type Vault } from "@memcube/core";
import { expect, test } from "vitest";

import { describeRedis } from "../servers/describe-redis.ts";
import { addMemory, CUBE, createCube, readLog } from "./cube-commits.ts";
import { withServer } from "./with-server.ts";

const WRITERS = 8;
const ROUNDS = 50;

/** Whether the update won. */
async function update(vault: Vault, expectedVersion: number): Promise<boolean> {
  const writes = [memoryWrite(CUBE, { id: "a", expectedVersion })];
  try {
    await vault.commit(commitRequest({ cube: CUBE, writes }));
    return true;
  } catch (error) {
    if (isMemCubeError(error, "MEMCUBE_CONFLICT")) return false;
    throw error;
  }
}

describeRedis("racing writers", () => {
  test("of eight connections that replace one version one wins, each time", async () => {
    await withServer({}, async ({ open }) => {
      const storages = await Promise.all(Array.from({ length: WRITERS }, () => open()));
      const [{ vault } = { vault: undefined }] = storages;
      if (vault === undefined) throw new TypeError("no storage");
      await createCube(vault);
      await addMemory(vault, "a");
      for (let round = 1; round <= ROUNDS; round += 1) {
        const won = await Promise.all(storages.map((each) => update(each.vault, round)));
        expect(won.filter(Boolean).length).toBe(1);
      }
      expect((await readLog(vault)).length).toBe(2 + ROUNDS);
    });
  });

  test("commits of eight connections to one cube are all in its log, once", async () => {
    await withServer({}, async ({ open }) => {
      const storages = await Promise.all(Array.from({ length: WRITERS }, () => open()));
      const vaults = storages.map(({ vault }) => vault);
      const [first] = vaults;
      if (first === undefined) throw new TypeError("no storage");
      await createCube(first);
      const receipts = await Promise.all(
        vaults.flatMap((vault, writer) =>
          Array.from({ length: ROUNDS }, (_, at) => addMemory(vault, `w${writer}-${at}`)),
        ),
      );
      const seqs = receipts.map(({ position }) => position.seq);
      expect(new Set(seqs).size).toBe(WRITERS * ROUNDS);
      expect((await readLog(first)).length).toBe(1 + WRITERS * ROUNDS);
    });
  });
});
