import { isMemCubeError } from "@memcube/core";
import { redisStorage } from "@memcube/redis";
import { expect, test } from "vitest";

import { describeRedis } from "../servers/describe-redis.ts";
import { freePorts } from "../servers/free-ports.ts";
import { startProxy } from "../servers/tcp-proxy.ts";
import { errorOf, withServer } from "./with-server.ts";

describeRedis("access to a server", () => {
  test.each(["redis://:wrong@", "redis://nobody:secret@", "redis://"])(
    "%s is refused at once, and no error shows the password",
    async (url) => {
      await withServer({ password: "right" }, async ({ server, open }) => {
        const started = performance.now();
        const error = await errorOf(open({ url: `${url}127.0.0.1:${server.port}` }));
        expect(isMemCubeError(error, "MEMCUBE_STORAGE_FAILED")).toBe(true);
        expect(error).toMatchObject({ retryable: false });
        expect(performance.now() - started).toBeLessThan(3_000);
        expect(JSON.stringify(error) + String(error)).not.toMatch(/wrong|secret/u);
        await open({ url: `redis://:right@127.0.0.1:${server.port}` });
      });
    },
  );

  test("where there is no server connecting ends within its time", async () => {
    const [port] = await freePorts(1);
    const started = performance.now();
    const options = { url: `redis://127.0.0.1:${port}`, connectTimeoutMs: 400 };
    const error = await errorOf(redisStorage(options));
    expect(isMemCubeError(error, "MEMCUBE_STORAGE_UNREACHABLE")).toBe(true);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  test("a server that is too old is named, with what is needed", async () => {
    await withServer({}, async ({ server, open }) => {
      // The real server's own words, but for the number.
      const proxy = await startProxy(server.port, (reply) =>
        Buffer.from(reply.toString("latin1").replaceAll(server.version, "5.0.14"), "latin1"),
      );
      try {
        const error = await errorOf(open({ url: `redis://127.0.0.1:${proxy.port}` }));
        expect(isMemCubeError(error, "MEMCUBE_NOT_SUPPORTED")).toBe(true);
        expect(String(error)).toMatch(/5\.0\.14.*6\.2/u);
      } finally {
        await proxy.close();
      }
    });
  });
});
