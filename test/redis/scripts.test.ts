import { createClient } from "redis";
import { expect, test } from "vitest";

import { describeRedis } from "../servers/describe-redis.ts";
import { tell } from "../servers/redis-cluster.ts";
import { addMemory, createCube, readIds } from "./cube-commits.ts";
import { withServer } from "./with-server.ts";

describeRedis("scripts", () => {
  test("FUNCTION FLUSH and SCRIPT FLUSH between two calls are not noticed", async () => {
    await withServer({}, async ({ server, open }) => {
      const library = await open();
      const sent = await open({ url: server.url, prefix: "eval", functions: false });
      for (const { vault } of [library, sent]) await createCube(vault);
      for (let round = 0; round < 3; round += 1) {
        await tell(server.port, "FUNCTION", "FLUSH");
        await tell(server.port, "SCRIPT", "FLUSH");
        for (const { vault } of [library, sent]) await addMemory(vault, `m${round}`);
      }
      for (const { vault } of [library, sent])
        expect((await readIds(vault, ["m0", "m1", "m2"])).size).toBe(3);
    });
  });

  test("calls at the same time load the library again together", async () => {
    await withServer({}, async ({ server, open }) => {
      const { vault, usage } = await open();
      await createCube(vault);
      const cube = { tenantId: "tenant-1", cubeId: "cube-1" };
      await tell(server.port, "FUNCTION", "FLUSH");
      await Promise.all(
        Array.from({ length: 50 }, () => usage.add([{ cube, id: "a", reads: 1, at: 1 }])),
      );
      expect((await usage.get(cube, ["a"])).get("a")?.reads).toBe(50);
    });
  });

  test("where FUNCTION, CONFIG, INFO and MODULE are forbidden scripts go through EVALSHA", async () => {
    const app = [
      "app",
      "on",
      ">secret",
      "~*",
      "&*",
      "+@all",
      "-function",
      "-fcall",
      "-config",
      "-info",
    ];
    const settings = [["user", ...app, "-module", "-command"]] as const;
    await withServer({ settings }, async ({ server, open }) => {
      const { vault } = await open({ url: `redis://app:secret@127.0.0.1:${server.port}` });
      await createCube(vault);
      await addMemory(vault, "a");
      expect(await readIds(vault, ["a"])).toEqual(new Set(["a"]));
      const stats = String(await tell(server.port, "INFO", "commandstats"));
      expect(stats).toMatch(/cmdstat_evalsha:calls=/u);
      expect(stats).not.toMatch(/cmdstat_fcall:calls=/u);
    });
  });

  test("nothing asks for keys by pattern", async () => {
    await withServer({}, async ({ server, open }) => {
      const { vault, threads, queue, topic } = await open();
      await createCube(vault);
      await addMemory(vault, "a");
      await threads.sweep(1);
      await queue.nextDue(["work"]);
      await topic.publish({ tenantId: "t", name: "n" }, [{}], 1);
      await vault.dropCube({ tenantId: "tenant-1", cubeId: "cube-1" });
      const stats = String(await tell(server.port, "INFO", "commandstats"));
      expect(stats).not.toMatch(/cmdstat_(keys|scan|flushdb|flushall|dbsize)\b/u);
    });
  });

  test("a client of another's stays open, and RESP2 is as good as RESP3", async () => {
    await withServer({}, async ({ server, open }) => {
      const client = createClient({ url: server.url, RESP: 2 });
      await client.connect();
      try {
        const storage = await open({ client });
        await createCube(storage.vault);
        await addMemory(storage.vault, "a");
        expect(await readIds(storage.vault, ["a"])).toEqual(new Set(["a"]));
        await storage.close();
        expect(await client.ping()).toBe("PONG");
      } finally {
        client.destroy();
      }
    });
  });
});
