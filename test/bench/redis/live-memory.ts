import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createMemOS, type CubeRef } from "@memcube/core";
import { directoryBlobs, redisStorage } from "@memcube/redis";

import type { RedisServer } from "../../servers/redis-server.ts";
import type { Report } from "../report.ts";
import { benchCommit, benchWrite } from "./bench-memories.ts";
import { type BareClient, makeCube, withRedis } from "./place.ts";

const MEMORIES = 100_000;
const REWRITES = 10;
const BATCH = 250;
/**
 * Commits that stay hot: 10,000 rewrites, as many as the default keeps where each memory is rewritten
 * by a commit of its own.
 */
const HOT_COMMITS = 10_000 / BATCH;

/** What Redis keeps in RAM for 100,000 memories, before and after ten new versions of each. */
export async function benchLiveMemory(report: Report): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "memcube-bench-"));
  try {
    await withRedis({}, async ({ server, storage, bare }) => {
      const cube = await makeCube(storage.vault, "live");
      const empty = await usedBytes(bare);
      const write = async (version: number): Promise<void> => {
        for (let from = 0; from < MEMORIES; from += BATCH) {
          const writes = Array.from({ length: BATCH }, (_, at) =>
            benchWrite(cube, `memory-${from + at}`, from + at + version, version),
          );
          await storage.vault.commit(benchCommit(cube, writes));
        }
        await keepHistory(server, directory, cube);
      };
      const common = { case: "live-memory", subject: "memcube, 100,000 memories" };
      await write(1);
      const before = (await usedBytes(bare)) - empty;
      report({ ...common, metric: "bytes_per_memory", value: before / MEMORIES, unit: "B" });
      for (let version = 2; version <= REWRITES + 1; version += 1) await write(version);
      const after = (await usedBytes(bare)) - empty;
      report({
        ...common,
        metric: "bytes_per_memory_rewritten",
        value: after / MEMORIES,
        unit: "B",
      });
      report({ ...common, metric: "ratio (limit 1.3)", value: after / before, unit: "x" });
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** A process that commits something, seals the log and moves history to the files. */
async function keepHistory(server: RedisServer, directory: string, ref: CubeRef): Promise<void> {
  const blobs = directoryBlobs({ directory, sync: false });
  const storage = await redisStorage({ url: server.url, blobs, search: "local" });
  const os = createMemOS({ storage, hotCommits: HOT_COMMITS, worker: false });
  const cube = await os.as({ userId: "ada", tenantId: ref.tenantId }).cube(ref.cubeId);
  const { ids } = await cube.add("one more");
  await cube.erase(ids);
  await os.close();
}

async function usedBytes(bare: BareClient): Promise<number> {
  return Number(/^used_memory:(\d+)/mu.exec(await bare.info("memory"))?.[1]);
}
