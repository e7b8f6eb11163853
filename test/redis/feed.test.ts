import { setTimeout as sleep } from "node:timers/promises";

import { commitRequest, cubeWrite } from "@memcube/conformance";
import { redisStorage } from "@memcube/redis";
import type { Storage } from "@memcube/core";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { findRedis } from "../servers/redis-binary.ts";
import { type RedisServer, startRedis } from "../servers/redis-server.ts";
import { addMemory, createCube } from "./cube-commits.ts";

const redis = await findRedis();
const LEASE_MS = 200;

describe.skipIf("missing" in redis)("the change feed", () => {
  let server: RedisServer;
  let writer: Storage;
  let reader: Storage;
  let admin: ReturnType<typeof createClient>;
  let made = 0;

  beforeAll(async () => {
    server = await startRedis();
    const options = { url: server.url, feedLeaseMs: LEASE_MS };
    writer = await redisStorage(options);
    reader = await redisStorage(options);
    admin = createClient({ url: server.url });
    await admin.connect();
  });
  afterAll(async () => {
    await writer.close();
    await reader.close();
    await admin.close();
    await server.stop();
  });

  async function followedCube() {
    const cube = { tenantId: "tenant-1", cubeId: `cube-${(made += 1)}` };
    await createCube(writer.vault, cube);
    // Asked for twice in a row it is followed; margin for the subscription and the first beat.
    for (let asked = 0; asked < 3; asked += 1) await reader.vault.cube(cube);
    await sleep(100);
    await reader.vault.cube(cube);
    return cube;
  }

  async function commandsDuring(work: () => Promise<unknown>): Promise<number> {
    const count = async (): Promise<number> =>
      Number(/total_commands_processed:(\d+)/u.exec(await admin.info("stats"))?.[1]);
    const before = await count();
    await work();
    return (await count()) - before;
  }

  test("a cube that nobody changes is asked for without a round trip", async () => {
    const cube = await followedCube();
    const commands = await commandsDuring(async () => {
      for (let asked = 0; asked < 1_000; asked += 1) await reader.vault.cube(cube);
    });
    // Beats and the question itself.
    expect(commands).toBeLessThan(10);
  });

  test("a foreign commit is known within 50 ms (95 of 100)", async () => {
    const cube = await followedCube();
    const delays: number[] = [];
    for (let round = 0; round < 60; round += 1) {
      await reader.vault.cube(cube);
      const { position } = await addMemory(writer.vault, `m${round}`, { cube });
      const started = performance.now();
      while ((await reader.vault.cube(cube))?.position.seq !== position.seq) {
        if (performance.now() - started > 5_000) throw new Error("never heard of");
        await sleep(1);
      }
      delays.push(performance.now() - started);
    }
    delays.sort((one, other) => one - other);
    expect(delays[Math.floor(delays.length * 0.95)]).toBeLessThan(50);
  });

  test("what was taken is gone for everybody once the commit is acknowledged", async () => {
    const cube = await followedCube();
    for (let version = 1; version <= 4; version += 1) {
      expect((await reader.vault.cube(cube))?.version).toBe(version);
      const header = cubeWrite(cube, { expectedVersion: version, deny: [`user:u${version}`] });
      await writer.vault.commit(commitRequest({ cube, writes: [header] }));
      expect((await reader.vault.cube(cube))?.version).toBe(version + 1);
    }
    await writer.vault.dropCube(cube);
    expect(await reader.vault.cube(cube)).toBeUndefined();
  });

  test("a commit that takes nothing from anybody does not wait", async () => {
    const cube = await followedCube();
    const started = performance.now();
    for (let round = 0; round < 10; round += 1)
      await addMemory(writer.vault, `m${round}`, { cube });
    expect(performance.now() - started).toBeLessThan(LEASE_MS);
  });

  test("a process whose feed was cut asks the server", async () => {
    const cube = await followedCube();
    await admin.sendCommand(["CLIENT", "KILL", "TYPE", "pubsub"]);
    const { position } = await addMemory(writer.vault, "after", { cube });
    await sleep(20);
    expect((await reader.vault.cube(cube))?.position).toEqual(position);
    // And follows it again, on a new connection.
    await sleep(1_100);
    for (let asked = 0; asked < 3; asked += 1) await reader.vault.cube(cube);
    await sleep(100);
    await reader.vault.cube(cube);
    const commands = await commandsDuring(async () => {
      for (let asked = 0; asked < 100; asked += 1) await reader.vault.cube(cube);
    });
    expect(commands).toBeLessThan(10);
  });

  test("a process that nobody asks does not beat", async () => {
    await followedCube();
    await sleep(10 * LEASE_MS);
    // Beats would be 15; the clients' own pings and the question itself are some.
    expect(await commandsDuring(() => sleep(5 * LEASE_MS))).toBeLessThan(8);
  });
});
