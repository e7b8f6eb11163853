/** Several processes' worth of stores on one file write the same item at once. */
import { createMemOS } from "@memcube/core";
import { MemCubeStore } from "@memcube/langgraph";
import { sqliteStorage } from "@memcube/sqlite";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const WRITERS = 3;
const PUTS = 90;
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "memcube-store-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test("no put fails, one of the last ones stays, and every writer reads the same", async () => {
  const path = join(directory, "memory.db");
  const openOS = async () =>
    createMemOS({ storage: await sqliteStorage({ path, durability: "process" }) });
  const oses = await Promise.all(Array.from({ length: WRITERS }, openOS));
  const stores = oses.map((os) => new MemCubeStore({ os }));
  const puts = Array.from({ length: PUTS }, async (_, n) => {
    await stores[n % WRITERS]?.put(["n"], "same", { n, by: n % WRITERS });
  });
  await Promise.all(puts);
  const read = await Promise.all(stores.map((store) => store.get(["n"], "same")));
  const values = read.map((item) => item?.value as { n: number; by: number } | undefined);
  expect(new Set(values.map((value) => JSON.stringify(value))).size).toBe(1);
  expect(values[0]?.n, "each writer's puts are in order").toBeGreaterThanOrEqual(PUTS - WRITERS);
  expect(await stores[0]?.search(["n"])).toHaveLength(1);
  for (const os of oses) await os.close();
});
