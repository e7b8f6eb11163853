import { setTimeout as sleep } from "node:timers/promises";

import { createClient } from "redis";

import { freePorts } from "./free-ports.ts";
import { type RedisServer, type RedisServerOptions, startRedis } from "./redis-server.ts";

/** A cluster of a test's own, on loopback. */
export interface RedisCluster {
  readonly masters: readonly RedisServer[];
  /** One for each master, in their order; empty unless asked for. */
  readonly replicas: readonly RedisServer[];
  readonly urls: readonly string[];
  stop(): Promise<void>;
}

/** How long slots may take to be known to all. */
const READY_MS = 20_000;
const SLOTS = 16_384;

/** Starts three masters that share the slots, with a replica each when asked for. */
export async function startCluster(
  options: Omit<RedisServerOptions, "cluster" | "port" | "replicaOf"> & {
    readonly withReplicas?: boolean;
  } = {},
): Promise<RedisCluster> {
  const { withReplicas = false, ...rest } = options;
  const ports = await freePorts(withReplicas ? 6 : 3);
  const started = await Promise.allSettled(
    ports.map((port) => startRedis({ ...rest, cluster: true, port })),
  );
  const servers = started.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  const failed = started.find((each) => each.status === "rejected");
  const masters = servers.slice(0, 3);
  const replicas = servers.slice(3);
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()));
  };
  try {
    if (failed !== undefined) throw failed.reason;
    await join(masters, replicas);
  } catch (error) {
    await stop();
    throw error;
  }
  return { masters, replicas, urls: servers.map(({ url }) => url), stop };
}

async function join(
  masters: readonly RedisServer[],
  replicas: readonly RedisServer[],
): Promise<void> {
  const first = masters[0]?.port ?? 0;
  for (const [place, { port }] of masters.entries()) {
    const from = Math.ceil((place * SLOTS) / masters.length);
    const to = Math.ceil(((place + 1) * SLOTS) / masters.length) - 1;
    await tell(port, "CLUSTER", "ADDSLOTSRANGE", `${from}`, `${to}`);
    await tell(port, "CLUSTER", "SET-CONFIG-EPOCH", `${place + 1}`);
  }
  for (const { port } of [...masters.slice(1), ...replicas])
    await tell(port, "CLUSTER", "MEET", "127.0.0.1", `${first}`);
  const count = masters.length + replicas.length;
  await untilAll([...masters, ...replicas], (info) =>
    info.includes(`cluster_known_nodes:${count}`),
  );
  for (const [place, { port }] of replicas.entries()) {
    const master = await tell(masters[place]?.port ?? 0, "CLUSTER", "MYID");
    await untilDone(() => tell(port, "CLUSTER", "REPLICATE", String(master)));
  }
  await untilAll(masters, (info) => info.includes("cluster_state:ok"));
}

async function untilAll(
  servers: readonly RedisServer[],
  holds: (info: string) => boolean,
): Promise<void> {
  for (const { port } of servers)
    await untilDone(async () => {
      if (!holds(String(await tell(port, "CLUSTER", "INFO")))) throw new Error("not yet");
    });
}

async function untilDone(action: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + READY_MS;
  for (;;) {
    try {
      await action();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(50);
    }
  }
}

/** One command on a connection of its own to that server. */
export async function tell(port: number, ...command: readonly string[]): Promise<unknown> {
  const client = createClient({ socket: { host: "127.0.0.1", port, reconnectStrategy: false } });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await client.sendCommand([...command]);
  } finally {
    client.destroy();
  }
}
