import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

import { AIMessage, HumanMessage } from "@langchain/core/messages";
import {
  Annotation,
  type BaseCheckpointSaver,
  MemorySaver,
  MessagesAnnotation,
  MessagesDeltaValue,
  START,
  StateGraph,
  StateSchema,
} from "@langchain/langgraph";
import { createMemOS } from "@memcube/core";
import { MemCubeSaver } from "@memcube/langgraph";
import { redisStorage } from "@memcube/redis";

import { openAt, withDirectory } from "../core/place.ts";
import { withRedis } from "../redis/place.ts";
import type { Report } from "../report.ts";
import { sqliteSaverAt } from "./saver-turns.ts";
import { textOf } from "./saver-load.ts";

const NODES = 1_000;

/** A graph of 1,000 nodes in a row: what a checkpointer adds to running it without one. */
export async function benchSequentialGraph(report: Report): Promise<void> {
  const run = async (checkpointer?: BaseCheckpointSaver): Promise<number> => {
    const graph = rowOfNodes(checkpointer);
    const config = {
      configurable: { thread_id: "t" },
      recursionLimit: NODES + 10,
      durability: "sync" as const,
    };
    const started = process.cpuUsage();
    const before = performance.now();
    await graph.invoke({ n: 0 }, config);
    const { user, system } = process.cpuUsage(started);
    last = { wall: performance.now() - before, cpu: (user + system) / 1_000 };
    return last.wall;
  };
  let last = { wall: 0, cpu: 0 };
  const say = (subject: string, metric: string, value: number, unit: string): void =>
    report({ case: "sequential-graph", subject, metric, value, unit });
  await run();
  const bare = await run();
  say("no checkpointer", "wall", bare, "ms");
  const memory = (await run(new MemorySaver())) - bare;
  say("MemorySaver", "added_wall", memory, "ms");
  await withDirectory(async (directory) => {
    const os = await openAt(join(directory, "memory.db"), { durability: "process" });
    const ours = (await run(new MemCubeSaver({ os }))) - bare;
    say("memcube sqlite", "added_wall", ours, "ms");
    say("memcube sqlite / MemorySaver", "ratio (limit 2)", ours / memory, "x");
    await os.close();
  });
}

function rowOfNodes(checkpointer: BaseCheckpointSaver | undefined) {
  const State = Annotation.Root({ n: Annotation<number>() });
  const graph = new StateGraph(State) as unknown as {
    addNode(name: string, node: (state: { n: number }) => { n: number }): void;
    addEdge(from: string, to: string): void;
    compile(options: object): {
      invoke(input: object, config: object): Promise<unknown>;
    };
  };
  for (let at = 0; at < NODES; at += 1) graph.addNode(`n${at}`, ({ n }) => ({ n: n + 1 }));
  graph.addEdge(START, "n0");
  for (let at = 1; at < NODES; at += 1) graph.addEdge(`n${at - 1}`, `n${at}`);
  return graph.compile(checkpointer === undefined ? {} : { checkpointer });
}

const TURNS = 1_000;

/** What a thread of 1,000 turns takes, every checkpoint kept, beside its last state as JSON. */
export async function benchThreadGrowth(report: Report): Promise<void> {
  for (const kind of ["ordinary", "delta"] as const) {
    for (const words of [2, 20]) {
      const name = `thread-growth, ${kind} messages of ${words} words`;
      const say = (subject: string, metric: string, value: number): void =>
        report({ case: name, subject, metric, value, unit: "x" });
      say("memcube sqlite", "stored (limit 3)", await growthOnSqlite(kind, words));
      say("memcube redis", "stored (limit 3)", await growthOnRedis(kind, words));
      const peer = await growthOfSqliteSaver(kind, words);
      if (peer !== undefined) say("SqliteSaver, NORMAL", "stored", peer);
    }
  }
}

type Kind = "ordinary" | "delta";

async function growthOnSqlite(kind: Kind, words: number): Promise<number> {
  return await withDirectory(async (directory) => {
    const os = await openAt(join(directory, "memory.db"), { durability: "process" });
    const state = await talk(new MemCubeSaver({ os }), kind, words);
    await os.close();
    return (await bytesIn(directory)) / state;
  });
}

async function growthOnRedis(kind: Kind, words: number): Promise<number> {
  return await withRedis({ appendFsync: "everysec" }, async ({ server, bare }) => {
    const storage = await redisStorage({ url: server.url, search: "local" });
    const os = createMemOS({ storage });
    const state = await talk(new MemCubeSaver({ os }), kind, words);
    let bytes = 0;
    for await (const keys of bare.scanIterator({ MATCH: "memcube:*" })) {
      for (const key of keys) bytes += (await bare.memoryUsage(key, { SAMPLES: 0 })) ?? 0;
    }
    await os.close();
    return bytes / state;
  });
}

/** At the same `synchronous`. */
async function growthOfSqliteSaver(kind: Kind, words: number): Promise<number | undefined> {
  return await withDirectory(async (directory) => {
    const saver = sqliteSaverAt(join(directory, "peer.db"), "NORMAL");
    if (saver === undefined) return undefined;
    const state = await talk(saver as unknown as BaseCheckpointSaver, kind, words);
    saver.db.close();
    return (await bytesIn(directory)) / state;
  });
}

/** Characters of the last state as JSON. */
async function talk(checkpointer: BaseCheckpointSaver, kind: Kind, words: number): Promise<number> {
  let said = 0;
  const message = (): string => textOf(words, (said += 1));
  const node = () => ({ messages: [new AIMessage(message())] });
  const graph =
    kind === "ordinary"
      ? new StateGraph(MessagesAnnotation)
          .addNode("model", node)
          .addEdge(START, "model")
          .compile({ checkpointer })
      : new StateGraph(new StateSchema({ messages: MessagesDeltaValue }))
          .addNode("model", node)
          .addEdge(START, "model")
          .compile({ checkpointer });
  const config = { configurable: { thread_id: "t" }, durability: "sync" as const };
  let state: unknown;
  for (let turn = 0; turn < TURNS; turn += 1) {
    state = await graph.invoke({ messages: [new HumanMessage(message())] }, config);
  }
  return JSON.stringify(state).length;
}

async function bytesIn(directory: string): Promise<number> {
  const names = await readdir(directory, { withFileTypes: true });
  const files = names.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(async ({ name }) => (await stat(join(directory, name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
