import { createClient } from "redis";
import { eraseWrite, commitRequest, memoryWrite } from "@memcube/conformance";
import { redisStorage } from "@memcube/redis";
import { expect, test } from "vitest";

import { describeRedis } from "../servers/describe-redis.ts";
import { CUBE, createCube } from "./cube-commits.ts";
import { errorOf, withServer } from "./with-server.ts";

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

  test.each(["float32", "float16"] as const)(
    "hold the vector of the model that is indexed (%s), also while nobody may find them",
    async (type) => {
      await withServer({}, async ({ server, open }) => {
        const raw = createClient({ url: server.url });
        await raw.connect();
        await raw.set("memcube:search:mode", "documents:1");
        const vectors = { model: "m", dimensions: 2, type } as const;
        const { vault } = await open({ url: server.url, search: "local", vectors });
        const key = `memcube:d:{c:${CUBE.tenantId}:${CUBE.cubeId}}:a`;
        const fields = async () => (await raw.hKeys(key)).toSorted();
        const lengthOf = async (field = "") => await raw.hStrLen(key, field);
        const put = (version: number, terms: string) =>
          vault.commit(
            commitRequest({
              cube: CUBE,
              writes: [memoryWrite(CUBE, { id: "a", expectedVersion: version - 1, terms })],
            }),
          );
        const embed = (model: string, ...values: number[]) =>
          vault.commit(
            commitRequest({
              cube: CUBE,
              writes: [
                {
                  op: "vector",
                  id: "a",
                  model,
                  fingerprint: "f",
                  vector: new Float32Array(values),
                },
              ],
            }),
          );
        await createCube(vault);
        await put(1, "red");
        const plain = await fields();
        await embed("other", 1, 0, 0);
        expect(await fields()).toEqual(plain);
        await embed("m", 1, 0);
        const [field, ...rest] = (await fields()).filter((name) => !plain.includes(name));
        expect([field, rest]).toEqual([expect.stringMatching(/^e_[0-9a-f]{12}$/u), []]);
        expect(await lengthOf(field)).toBe(type === "float32" ? 8 : 4);
        const error = await errorOf(embed("m", 1, 0, 0));
        expect(error).toMatchObject({ code: "MEMCUBE_INVALID_INPUT" });
        // No words: no condition of a query holds for what is left.
        await put(2, "");
        expect(await fields()).toEqual([field]);
        await put(3, "red again");
        expect(new Set(await fields())).toEqual(new Set([...plain, field]));
        await vault.commit(commitRequest({ cube: CUBE, writes: [eraseWrite("a")] }));
        expect(await raw.exists(key)).toBe(0);
        raw.destroy();
      });
    },
  );

  test("a storage that was begun without stays without, and says so", async () => {
    await withServer({}, async ({ server, open }) => {
      await open();
      const options = { url: server.url, search: "query-engine" } as const;
      await expect(redisStorage(options)).rejects.toMatchObject({ code: "MEMCUBE_NOT_SUPPORTED" });
    });
  });
});
