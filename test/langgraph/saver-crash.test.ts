import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
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
import { askingGraph } from "./graphs.ts";

const CONFIG = { configurable: { thread_id: "t" } };

/** Runs the child until it stops after the put of a step, and kills it there. */
async function killAfter(step: number, kind: string, place: string): Promise<void> {
  const child = fork(join(import.meta.dirname, "killed-child.ts"), [kind, place, `${step}`], {
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
      await killAfter(0, "sqlite", path);
      expect(await goOn(() => sqliteStorage({ path }))).toEqual(RIGHT);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
);

describeRedis("with a redis-server", (binary) => {
  test("a graph killed between a put and its writes goes on", { timeout: TIMEOUT_MS }, async () => {
    const server = await startRedis({ binary });
    try {
      await killAfter(0, "redis", server.url);
      const open = () => redisStorage({ url: server.url, search: "local" });
      expect(await goOn(open)).toEqual(RIGHT);
    } finally {
      await server.stop();
    }
  });
});
