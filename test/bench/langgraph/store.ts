import { createMemOS, type Storage } from "@memcube/core";
import { type BaseStore, InMemoryStore, type PutOperation } from "@langchain/langgraph-checkpoint";
import { MemCubeStore } from "@memcube/langgraph";
import { redisStorage } from "@memcube/redis";
import { sqliteStorage } from "@memcube/sqlite";
import { join } from "node:path";

import { startRedis } from "../../servers/redis-server.ts";
import { vectorOf, wordEmbedder } from "../../langgraph/word-embedder.ts";
import { withDirectory } from "../core/place.ts";
import { makeCorpus } from "../corpus.ts";
import { cpuMsOf, percentile, type Report } from "../report.ts";

const ITEMS = 10_000;
const USERS = 100;
/** What a graph puts in one step at most: its store sends them as one batch. */
const BATCH = 100;
const SINGLE = 300;
const READS = 300;
const SEARCHES = 60;
const KINDS = 20;

/** The store beside `InMemoryStore` in one run: 10,000 items of 100 users, an embedder of no cost. */
export async function benchStore(report: Report): Promise<void> {
  const embeddings = {
    embedQuery: async (text: string) => await Promise.resolve([...vectorOf(text)]),
    embedDocuments: async (texts: string[]) =>
      await Promise.resolve(texts.map((text) => [...vectorOf(text)])),
  };
  const peer = new InMemoryStore({
    index: { dims: 64, embeddings: embeddings as never, fields: ["text"] },
  });
  await measure(report, "InMemoryStore", peer, async () => await Promise.resolve());
  await withDirectory(async (directory) => {
    const path = join(directory, "store.db");
    await measureOn(report, "memcube SQLite", await sqliteStorage({ path, durability: "process" }));
  });
  const server = await startRedis({ appendFsync: "everysec" });
  try {
    const storage = await redisStorage({ url: server.url, search: "local" });
    await measureOn(report, "memcube Redis", storage);
  } finally {
    await server.stop();
  }
}

async function measureOn(report: Report, subject: string, storage: Storage): Promise<void> {
  const os = createMemOS({ storage, embedder: wordEmbedder });
  const store = new MemCubeStore({ os, index: { fields: ["text"] } });
  await measure(report, subject, store, async () => {
    await os.idle();
  });
  await os.close();
}

async function measure(
  report: Report,
  subject: string,
  store: BaseStore,
  settled: () => Promise<void>,
): Promise<void> {
  const texts = makeCorpus(ITEMS).map(({ text }) => text);
  const puts = texts.map((text, n): PutOperation => {
    const value = { text, n, kind: `kind-${n % KINDS}` };
    return { namespace: ["users", `u${n % USERS}`], key: `k${n}`, value };
  });
  const say = (metric: string, value: number, unit: string): void => {
    report({ case: "store", subject, metric, value, unit });
  };
  const started = performance.now();
  for (let n = 0; n < ITEMS; n += BATCH) await store.batch(puts.slice(n, n + BATCH));
  say(`put, batches of ${BATCH}`, (ITEMS * 1_000) / (performance.now() - started), "1/s");
  await settled();
  const again = performance.now();
  for (const { namespace, key, value } of puts.slice(0, SINGLE)) {
    await store.put(namespace, key, { ...value, again: true });
  }
  say("put, one by one", (SINGLE * 1_000) / (performance.now() - again), "1/s");
  await settled();

  const namespaceOf = (n: number): string[] => ["users", `u${(n * 7) % USERS}`];
  const query = (n: number): string => texts[(n * 37) % ITEMS] ?? "";
  const reads: Readonly<Record<string, (n: number) => Promise<unknown>>> = {
    get: (n) => store.get(["users", `u${n % USERS}`], `k${n}`),
    "search, one user's, filter": (n) =>
      store.search(namespaceOf(n), { filter: { kind: `kind-${n % KINDS}` } }),
    "search, one user's, query": (n) => store.search(namespaceOf(n), { query: query(n) }),
    "search, one user's, both": (n) =>
      store.search(namespaceOf(n), { query: query(n), filter: { n: { $gt: 100 } } }),
    "search, all, query": (n) => store.search(["users"], { query: query(n) }),
    "search, all, filter 1 in 20": (n) =>
      store.search(["users"], { filter: { kind: `kind-${n % KINDS}` } }),
    listNamespaces: () => store.listNamespaces({ prefix: ["users"], limit: 1_000 }),
  };
  for (const [metric, read] of Object.entries(reads)) {
    const count = metric === "get" ? READS : metric === "listNamespaces" ? 10 : SEARCHES;
    const started = performance.now();
    await read(0);
    say(`${metric}: first`, performance.now() - started, "ms");
    const times: number[] = [];
    const cpu = await cpuMsOf(async () => {
      for (let n = 0; n < count; n++) {
        const begun = performance.now();
        await read(n);
        times.push(performance.now() - begun);
      }
    });
    say(`${metric}: p50`, percentile(times, 0.5), "ms");
    say(`${metric}: CPU`, cpu / count, "ms");
  }
}
