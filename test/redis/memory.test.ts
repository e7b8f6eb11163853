import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { commitRequest, memoryWrite } from "@memcube/conformance";
import { createMemOS, isMemCubeError } from "@memcube/core";
import { directoryBlobs, redisStorage } from "@memcube/redis";
import { expect, test } from "vitest";

import { describeRedis } from "../servers/describe-redis.ts";
import { tell } from "../servers/redis-cluster.ts";
import { addMemory, CUBE, createCube, readIds, readLog } from "./cube-commits.ts";
import { errorOf, withServer } from "./with-server.ts";

const MEMORIES = 1_000;

const THREAD = { tenantId: "t", owner: "user:ada", threadId: "thread" } as const;

async function usedBytes(port: number): Promise<number> {
  return Number(/^used_memory:(\d+)/mu.exec(String(await tell(port, "INFO", "memory")))?.[1]);
}

describeRedis("a server's memory", () => {
  test.each([true, false])(
    "a full server is MEMCUBE_STORAGE_FULL, loses nothing and recovers (functions: %s)",
    async (functions) => {
      await withServer({ maxMemory: "12mb" }, async ({ server, open }) => {
        const { vault, threads } = await open({ url: server.url, functions });
        await createCube(vault);
        const value = new Uint8Array(2_000_000);
        const checkpoint = { namespace: "", id: "1", value, chunks: [] };
        await threads.put(THREAD, { checkpoint, chunks: [], now: 1 });
        const text = "x".repeat(100_000);
        const acknowledged: string[] = [];
        const fill = async (): Promise<void> => {
          for (let at = 0; at < 1_000; at += 1) {
            await addMemory(vault, `m${at}`, { text });
            acknowledged.push(`m${at}`);
          }
        };
        const error = await errorOf(fill());
        expect(isMemCubeError(error, "MEMCUBE_STORAGE_FULL")).toBe(true);
        expect(error).toMatchObject({ retryable: true });
        expect(acknowledged.length).toBeGreaterThan(5);
        expect((await readIds(vault, acknowledged)).size).toBe(acknowledged.length);
        expect((await readLog(vault)).length).toBe(1 + acknowledged.length);
        // What gives memory back is let through.
        expect(await threads.delete(THREAD)).toBe(true);
        await expect
          .poll(() =>
            addMemory(vault, "after", { text }).then(
              () => "done",
              () => "full",
            ),
          )
          .toBe("done");
        expect((await readLog(vault)).length).toBe(2 + acknowledged.length);
        expect(await vault.dropCube(CUBE)).toBe(true);
      });
    },
  );

  test("holds what is live: rewriting it again and again leaves Redis as large as before", async () => {
    await withServer({}, async ({ server, open }) => {
      const directory = await mkdtemp(join(tmpdir(), "memcube-blobs-"));
      try {
        const blobs = directoryBlobs({ directory, sync: false });
        const storage = await open({ url: server.url, blobs });
        await createCube(storage.vault);
        const empty = await usedBytes(server.port);
        const write = async (version: number): Promise<void> => {
          const writes = Array.from({ length: MEMORIES }, (_, at) => {
            const text = `version ${version} of ${at} ${"text ".repeat(60)}`;
            return memoryWrite(CUBE, { id: `m${at}`, text, expectedVersion: version - 1 });
          });
          await storage.vault.commit(commitRequest({ cube: CUBE, writes }));
        };
        /** What a process does now and then: seals the log, moves history to the files. */
        const moveHistory = async (): Promise<void> => {
          const own = await redisStorage({ url: server.url, blobs });
          const os = createMemOS({ storage: own, hotCommits: 2, worker: false });
          const { tenantId, cubeId } = CUBE;
          const cube = await os.as({ userId: "ada", tenantId }).cube(cubeId);
          const { ids } = await cube.add("one more");
          await cube.erase(ids);
          await os.close();
        };
        await write(1);
        await moveHistory();
        const before = (await usedBytes(server.port)) - empty;
        for (let version = 2; version <= 11; version += 1) await write(version);
        const grown = (await usedBytes(server.port)) - empty;
        await moveHistory();
        const after = (await usedBytes(server.port)) - empty;
        expect(grown / before).toBeGreaterThan(3);
        expect(after / before).toBeLessThan(1.3);
        // Nothing is lost by it: the first versions are in the files.
        const os = createMemOS({ storage: await redisStorage({ url: server.url, blobs }) });
        const { tenantId, cubeId } = CUBE;
        const cube = await os.as({ userId: "ada", tenantId }).cube(cubeId);
        const versions = (await cube.history("m7")).map(({ version }) => version.number);
        expect(versions).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
        expect((await cube.verify()).ok).toBe(true);
        await os.close();
      } finally {
        await rm(directory, { recursive: true, force: true });
      }
    });
  });

  test("a server that evicts is refused, unless that is asked for", async () => {
    await withServer({ maxMemory: "50mb", policy: "allkeys-lru" }, async ({ server, open }) => {
      const error = await errorOf(open());
      expect(isMemCubeError(error)).toBe(true);
      expect(String(error)).toMatch(/noeviction/u);
      const { vault } = await open({ url: server.url, allowEviction: true });
      await createCube(vault);
      expect((await vault.position(CUBE))?.seq).toBe(1);
      expect(await tell(server.port, "PING")).toBe("PONG");
    });
  });
});
