import { createClient } from "redis";
import { eraseWrite, commitRequest, memoryWrite } from "@memcube/conformance";
import { redisStorage } from "@memcube/redis";
import { expect, test } from "vitest";

import { describeRedis } from "../servers/describe-redis.ts";
import { CUBE, createCube } from "./cube-commits.ts";
import { withServer } from "./with-server.ts";

describeRedis("search documents, where a storage was begun with a query engine", () => {
  test("are written, replaced and removed with their memory by every process", async () => {
    await withServer({}, async ({ server }) => {
      const raw = createClient({ url: server.url });
      await raw.connect();
      // What the first process to open it writes down on a server with the engine.
      await raw.set("memcube:search:mode", "documents:1");
      const storage = await redisStorage({ url: server.url, search: "local" });
      const { vault } = storage;
      const documentOf = (id: string) =>
        raw.hGetAll(`memcube:d:{c:${CUBE.tenantId}:${CUBE.cubeId}}:${id}`);
      const put = (version: number, terms: string, tags: readonly string[] = []) =>
        vault.commit(
          commitRequest({
            cube: CUBE,
            writes: [memoryWrite(CUBE, { id: "a", expectedVersion: version - 1, terms, tags })],
          }),
        );
      await createCube(vault);
      await put(1, "red e-mail", ["x,y"]);
      expect(await documentOf("a")).toMatchObject({
        terms: "red e_2d_mail",
        class: "0",
        tags: "x%2c%y",
      });
      await put(2, "blue");
      expect(await documentOf("a")).toMatchObject({ terms: "blue", tags: "" });
      await put(3, "");
      expect(await documentOf("a")).toEqual({});
      await put(4, "green");
      await vault.commit(commitRequest({ cube: CUBE, writes: [eraseWrite("a")] }));
      expect(await documentOf("a")).toEqual({});
      await put(5 - 4, "again").catch(() => undefined);
      await vault.dropCube(CUBE);
      const left = (await raw.keys("memcube:*")).filter((key) => !key.startsWith("memcube:search"));
      expect(left.filter((key) => key.includes("{c:"))).toEqual([]);
      expect(vault.capabilities.candidates).toBe(false);
      await storage.close();
      raw.destroy();
    });
  });

  test("a storage that was begun without stays without, and says so", async () => {
    await withServer({}, async ({ server, open }) => {
      await open();
      const options = { url: server.url, search: "query-engine" } as const;
      await expect(redisStorage(options)).rejects.toMatchObject({ code: "MEMCUBE_NOT_SUPPORTED" });
    });
  });
});
