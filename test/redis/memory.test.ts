import { isMemCubeError } from "@memcube/core";
import { expect, test } from "vitest";

import { describeRedis } from "../servers/describe-redis.ts";
import { tell } from "../servers/redis-cluster.ts";
import { addMemory, CUBE, createCube, readIds, readLog } from "./cube-commits.ts";
import { errorOf, withServer } from "./with-server.ts";

const THREAD = { tenantId: "t", owner: "user:ada", threadId: "thread" } as const;

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
