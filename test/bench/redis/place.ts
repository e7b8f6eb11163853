import { commitRequest, cubeWrite } from "@memcube/conformance";
import { type CubeRef, LIMITS, type Storage, type Vault } from "@memcube/core";
import { redisStorage } from "@memcube/redis";
import { createClient } from "redis";

import {
  type RedisServer,
  type RedisServerOptions,
  startRedis,
} from "../../servers/redis-server.ts";
import { percentile } from "../report.ts";

export type BareClient = Awaited<ReturnType<typeof bareClient>>;

/** A server with a storage and a plain node-redis client on it. */
export interface BenchPlace {
  readonly server: RedisServer;
  readonly storage: Storage;
  readonly bare: BareClient;
}

/** Runs work with a server of its own; AOF with fsync every second unless it says otherwise. */
export async function withRedis<T>(
  options: RedisServerOptions,
  work: (place: BenchPlace) => Promise<T>,
): Promise<T> {
  const server = await startRedis({ appendFsync: "everysec", ...options });
  try {
    const storage = await redisStorage({ url: server.url, search: "local" });
    const bare = await bareClient(server);
    const result = await work({ server, storage, bare });
    await storage.close();
    bare.destroy();
    return result;
  } finally {
    await server.stop();
  }
}

async function bareClient({ url }: RedisServer) {
  const client = createClient({ url });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

export async function makeCube(vault: Vault, cubeId: string): Promise<CubeRef> {
  const cube = { tenantId: "default", cubeId };
  await vault.commit(commitRequest({ cube, writes: [cubeWrite(cube, { allow: ["everyone"] })] }));
  return cube;
}

/** Memories in a commit of a bulk load: as many as `add` puts into one. */
export function batchSizeOf({ capabilities }: Vault): number {
  return Math.min(capabilities.batchWrites ?? LIMITS.addBatch, LIMITS.addBatch);
}

/** Milliseconds of each call of each subject; they take turns, so that all see the same machine. */
export async function inTurns<Name extends string>(
  rounds: number,
  subjects: Readonly<Record<Name, (round: number) => Promise<unknown>>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(subjects) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<
    Name,
    number[]
  >;
  // The first tenth warms up.
  for (let round = -Math.ceil(rounds / 10); round < rounds; round += 1) {
    for (const name of names) {
      const started = performance.now();
      await subjects[name](round);
      if (round >= 0) samples[name].push(performance.now() - started);
    }
  }
  return samples;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}
