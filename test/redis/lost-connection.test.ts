import { isMemCubeError } from "@memcube/core";
import { expect, test } from "vitest";

import { describeRedis } from "../servers/describe-redis.ts";
import { type Cut, startProxy } from "../servers/tcp-proxy.ts";
import { addMemory, CUBE, createCube, readIds, readLog } from "./cube-commits.ts";
import { errorOf, withServer } from "./with-server.ts";

const LATER = Date.UTC(2100, 0, 1);

describeRedis("a lost connection", () => {
  test("a server that hangs is a retryable error within the deadline, and recovers", async () => {
    await withServer({}, async ({ server, open }) => {
      const { vault } = await open({ url: server.url, timeoutMs: 300 });
      await createCube(vault);
      server.freeze();
      const started = performance.now();
      const error = await errorOf(addMemory(vault, "a"));
      const took = performance.now() - started;
      expect(isMemCubeError(error, "MEMCUBE_STORAGE_UNREACHABLE")).toBe(true);
      expect(error).toMatchObject({ retryable: true, details: { outcome: "unknown" } });
      // The deadline and what a busy machine adds to a timer.
      expect(took).toBeLessThan(1_500);
      server.thaw();
      await expect
        .poll(() =>
          addMemory(vault, "b").then(
            () => "done",
            () => "not yet",
          ),
        )
        .toBe("done");
      expect(await readIds(vault, ["b"])).toEqual(new Set(["b"]));
      await readLog(vault);
    });
  });

  test("while a server is down calls fail at once, and work when it is back", async () => {
    await withServer({ appendFsync: "always" }, async ({ server, open }) => {
      const { vault } = await open({ url: server.url, timeoutMs: 300 });
      await createCube(vault);
      await server.kill();
      for (let at = 0; at < 6; at += 1) await errorOf(vault.position(CUBE));
      const started = performance.now();
      const errors = await Promise.all(
        Array.from({ length: 100 }, () => errorOf(vault.position(CUBE))),
      );
      expect(errors.every((error) => isMemCubeError(error, "MEMCUBE_STORAGE_UNREACHABLE"))).toBe(
        true,
      );
      // One call in a second may try; the others do not wait for the deadline.
      expect(performance.now() - started).toBeLessThan(1_500);
      await server.restart();
      await expect
        .poll(
          () =>
            vault.position(CUBE).then(
              (position) => position?.seq,
              () => 0,
            ),
          { timeout: 5_000 },
        )
        .toBe(1);
    });
  });

  test.each([
    ["half the request", 0],
    ["before the reply", 1],
  ] satisfies [Cut, number][])(
    "a commit whose connection is cut at %s is done %i times, and once after a retry",
    async (where, done) => {
      await withServer({}, async ({ server, open }) => {
        const proxy = await startProxy(server.port);
        try {
          const other = await open();
          await createCube(other.vault);
          const cut = await open({ url: `redis://127.0.0.1:${proxy.port}` });
          await cut.vault.position(CUBE);
          const request = {
            idempotency: { key: "once", expiresAt: LATER },
            text: "a long way home",
          };
          proxy.cutNext(where, "a long way home");
          const error = await errorOf(addMemory(cut.vault, "a", request));
          expect(proxy.hasCut).toBe(true);
          expect(error).toMatchObject({
            code: "MEMCUBE_STORAGE_UNREACHABLE",
            retryable: true,
            details: { outcome: "unknown" },
          });
          expect((await readLog(other.vault)).length).toBe(1 + done);
          const again = await addMemory(cut.vault, "a", request);
          expect(again.replayed).toBe(done === 1);
          expect(again.position.seq).toBe(2);
          expect((await readLog(other.vault)).length).toBe(2);
        } finally {
          await proxy.close();
        }
      });
    },
  );

  test("tasks of a commit whose connection is cut are queued all the same", async () => {
    await withServer({}, async ({ server, open }) => {
      const proxy = await startProxy(server.port);
      try {
        const { vault, queue } = await open();
        await createCube(vault);
        const cut = await open({ url: `redis://127.0.0.1:${proxy.port}` });
        const tasks = [
          {
            key: "embed a",
            tenantId: CUBE.tenantId,
            cubeId: CUBE.cubeId,
            type: "work",
            payload: {},
          },
        ];
        proxy.cutNext("before the reply", "a long way home");
        await errorOf(addMemory(cut.vault, "a", { tasks, text: "a long way home" }));
        expect((await readLog(vault)).length).toBe(2);
        const query = { types: ["work"], limit: 5, leaseMs: 1_000, worker: "w" };
        await expect
          .poll(async () => (await queue.lease({ ...query, now: LATER })).map(({ key }) => key))
          .toEqual(["embed a"]);
      } finally {
        await proxy.close();
      }
    });
  });
});
