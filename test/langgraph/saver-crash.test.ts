import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Command } from "@langchain/langgraph";
import { createMemOS, type Storage } from "@memcube/core";
import { MemCubeSaver } from "@memcube/langgraph";
import { redisStorage } from "@memcube/redis";
import { sqliteStorage } from "@memcube/sqlite";
import { expect, test } from "vitest";

import { describeRedis } from "../servers/describe-redis.ts";
import { startRedis } from "../servers/redis-server.ts";
import { askingGraph, sideBySideGraph } from "./graphs.ts";

const CONFIG = { configurable: { thread_id: "t" } };

/** Runs a child until it says that it stopped, and kills it there. */
async function killStopped(file: string, ...args: readonly string[]): Promise<void> {
  const child = fork(join(import.meta.dirname, file), args, {
    execArgv: ["--conditions=@memcube/source", "--disable-warning=ExperimentalWarning"],
  });
  const exited = once(child, "exit");
  const [message] = (await Promise.race([once(child, "message"), exited])) as unknown[];
  expect(message).toBe("stopped");
  child.kill("SIGKILL");
  await exited;
}

/** What was put is there, what was not written is done again: where it stands, and how it ends. */
async function goOn(open: () => Promise<Storage>) {
  const os = createMemOS({ storage: await open() });
  try {
    const graph = askingGraph(new MemCubeSaver({ os }));
    const { next } = await graph.getState(CONFIG);
    await graph.invoke(null, CONFIG);
    const { log } = await graph.invoke(new Command({ resume: "yes" }), CONFIG);
    return { next, log };
  } finally {
    await os.close();
  }
}

/** What ran and is stored is not run again, what was not stored is. */
async function goOnBeside(open: () => Promise<Storage>, runs: string) {
  const os = createMemOS({ storage: await open() });
  try {
    const graph = sideBySideGraph(new MemCubeSaver({ os }), runs, Promise.resolve());
    const { log } = await graph.invoke(null, CONFIG);
    return { log, runs: (await readFile(runs, "utf8")).trim().split("\n") };
  } finally {
    await os.close();
  }
}

const RIGHT_BESIDE = { log: ["quick", "slow"], runs: ["quick", "slow", "slow"] };

/** A child process starts slowly on a busy machine. */
const TIMEOUT_MS = 120_000;

const RIGHT = { next: ["a"], log: ["a", "got yes"] };

test(
  "a graph killed between a put and its writes goes on, on SQLite",
  { timeout: TIMEOUT_MS },
  async () => {
    const directory = await mkdtemp(join(tmpdir(), "memcube-killed-"));
    try {
      const path = join(directory, "memory.db");
      await killStopped("killed-child.ts", "sqlite", path, "0");
      expect(await goOn(() => sqliteStorage({ path }))).toEqual(RIGHT);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
);

test(
  "a graph killed beside a node that is done does not run it again, on SQLite",
  { timeout: TIMEOUT_MS },
  async () => {
    const directory = await mkdtemp(join(tmpdir(), "memcube-killed-"));
    try {
      const [path, runs] = [join(directory, "memory.db"), join(directory, "runs")];
      await killStopped("killed-fan-child.ts", "sqlite", path, runs);
      expect(await goOnBeside(() => sqliteStorage({ path }), runs)).toEqual(RIGHT_BESIDE);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
);

describeRedis("with a redis-server", (binary) => {
  test("a graph killed between a put and its writes goes on", { timeout: TIMEOUT_MS }, async () => {
    const server = await startRedis({ binary });
    try {
      await killStopped("killed-child.ts", "redis", server.url, "0");
      const open = () => redisStorage({ url: server.url, search: "local" });
      expect(await goOn(open)).toEqual(RIGHT);
    } finally {
      await server.stop();
    }
  });

  test(
    "one killed beside a node that is done does not run it again",
    { timeout: TIMEOUT_MS },
    async () => {
      const server = await startRedis({ binary });
      const directory = await mkdtemp(join(tmpdir(), "memcube-killed-"));
      try {
        const runs = join(directory, "runs");
        await killStopped("killed-fan-child.ts", "redis", server.url, runs);
        const open = () => redisStorage({ url: server.url, search: "local" });
        expect(await goOnBeside(open, runs)).toEqual(RIGHT_BESIDE);
      } finally {
        await server.stop();
        await rm(directory, { recursive: true, force: true });
      }
    },
  );
});
