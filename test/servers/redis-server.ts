import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { createClient } from "redis";

import { freePorts } from "./free-ports.ts";
import { findRedis, type RedisBinary } from "./redis-binary.ts";

/** What a server for a test is started with. */
export interface RedisServerOptions {
  /** Append-only file; `no`: nothing survives the process. @default "no" */
  readonly appendFsync?: "always" | "everysec" | "no";
  /** @default none */
  readonly maxMemory?: string;
  /** @default "noeviction" */
  readonly policy?: string;
  /** Of the user `default`. */
  readonly password?: string;
  /** Further settings, name and value, as in redis.conf: `["user", "app on ..."]`. */
  readonly settings?: readonly (readonly [name: string, ...values: string[]])[];
  readonly cluster?: boolean;
  /** Port of the master it follows. */
  readonly replicaOf?: number;
  /** @default that of {@link findRedis} */
  readonly binary?: RedisBinary;
  /** @default a free one */
  readonly port?: number;
}

/** A server of a test's own, on loopback, in a temporary folder. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  readonly version: string;
  /** Kills the process as a power button would, and waits until it is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same port and folder after {@link kill}. */
  restart(): Promise<void>;
  /** The process stops to do anything, connections stay open. */
  freeze(): void;
  thaw(): void;
  /** Stops the process and removes the folder. */
  stop(): Promise<void>;
}

/** Ends with the test process, whatever happens to that. */
const running = new Set<ChildProcess>();
function killAll(): void {
  for (const child of running) child.kill("SIGKILL");
}
process.on("exit", killAll);
process.on("disconnect", killAll);
process.once("SIGTERM", () => {
  killAll();
  process.exit(143);
});

/** Starts a server and waits until it answers. @throws Error when there is no redis-server */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const binary = options.binary ?? (await findRedis());
  if ("missing" in binary) throw new Error(binary.missing);
  const directory = await mkdtemp(join(tmpdir(), "memcube-redis-"));
  const [free] = await freePorts(1);
  const port = options.port ?? free ?? 0;
  const args = argumentsOf(options, port, directory);
  let child = await spawnServer(binary, args, { port, password: options.password });
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGCONT");
    child.kill(signal);
    await gone;
  };
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    version: binary.version,
    kill: () => end("SIGKILL"),
    restart: async () => {
      child = await spawnServer(binary, args, { port, password: options.password });
    },
    freeze: () => void child.kill("SIGSTOP"),
    thaw: () => void child.kill("SIGCONT"),
    stop: async () => {
      await end("SIGKILL");
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function argumentsOf(options: RedisServerOptions, port: number, directory: string): string[] {
  const { appendFsync = "no", maxMemory, policy = "noeviction", password } = options;
  const settings: (readonly string[])[] = [
    ["port", String(port)],
    ["bind", "127.0.0.1"],
    ["dir", directory],
    ["save", ""],
    ["daemonize", "no"],
    // A replica is served at once instead of after five seconds in which others might ask too.
    ["repl-diskless-sync-delay", "0"],
    ["appendonly", appendFsync === "no" ? "no" : "yes"],
    ["appendfsync", appendFsync],
    ["maxmemory-policy", policy],
    ...(maxMemory === undefined ? [] : [["maxmemory", maxMemory]]),
    ...(password === undefined
      ? []
      : [
          ["requirepass", password],
          ["masterauth", password],
        ]),
    ...(options.cluster === true
      ? [
          ["cluster-enabled", "yes"],
          ["cluster-config-file", "nodes.conf"],
          ["cluster-node-timeout", "1000"],
        ]
      : []),
    ...(options.replicaOf === undefined
      ? []
      : [["replicaof", "127.0.0.1", `${options.replicaOf}`]]),
    ...(options.settings ?? []),
  ];
  return settings.flatMap(([name, ...values]) => [`--${name}`, ...values]);
}

/** How long a server may take to start: a busy machine replays an append-only file slowly. */
const START_MS = 15_000;

async function spawnServer(
  { path, env }: RedisBinary,
  args: readonly string[],
  { port, password }: { readonly port: number; readonly password: string | undefined },
): Promise<ChildProcess> {
  const child = spawn(path, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  let said = "";
  const keep = (data: Buffer): void => {
    said = `${said}${data.toString()}`.slice(-4_000);
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  const deadline = performance.now() + START_MS;
  while (performance.now() < deadline) {
    if (child.exitCode !== null) break;
    if (await answers(port, password)) return child;
    await sleep(20);
  }
  child.kill("SIGKILL");
  throw new Error(`redis-server did not start on port ${port}:\n${said}`);
}

async function answers(port: number, password: string | undefined): Promise<boolean> {
  const client = createClient({
    socket: { host: "127.0.0.1", port, reconnectStrategy: false, connectTimeout: 1_000 },
    ...(password === undefined ? {} : { password }),
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.ping();
    return true;
  } catch {
    return false;
  } finally {
    if (client.isOpen) client.destroy();
  }
}
