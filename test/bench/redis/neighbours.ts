import { setTimeout as sleep } from "node:timers/promises";

import { percentile, type Report } from "../report.ts";
import { benchCommit, benchWrite } from "./bench-memories.ts";
import { type BenchPlace, bareClient, inTurns, makeCube, median, withRedis } from "./place.ts";

const UNRELATED = 1_000_000;
const ROUNDS = 2_000;
const BULK_BATCHES = 120;
const ACCESS = { principals: ["user:ada", "everyone"] } as const;

/** What a million keys of others cost us, and what a bulk load of ours costs others. */
export async function benchNeighbours(report: Report): Promise<void> {
  await withRedis({}, async (place) => {
    const empty = await timesOf(place, "alone");
    await fillWith(place, UNRELATED);
    const full = await timesOf(place, "crowded");
    for (const metric of ["read", "commit", "list", "thread", "task"] as const) {
      const [before, after] = [median(empty[metric]), median(full[metric])];
      const common = { case: "neighbours", subject: "1,000,000 unrelated keys" };
      report({ ...common, metric: `${metric}_p50`, value: after, unit: "ms" });
      report({
        ...common,
        metric: `${metric}_ratio (limit 1.1)`,
        value: after / before,
        unit: "x",
      });
    }
    await benchBulkLoad(report, place);
  });
}

async function timesOf({ storage }: BenchPlace, name: string) {
  const { vault, threads, queue } = storage;
  const cube = await makeCube(vault, name);
  const thread = { tenantId: "t", owner: "user:ada", threadId: name } as const;
  const query = { types: [name], limit: 1, now: 1e12, leaseMs: 1_000, worker: "w" };
  return inTurns(ROUNDS, {
    commit: (round) => vault.commit(benchCommit(cube, [benchWrite(cube, `m${round}`, round)])),
    read: (round) => vault.read(cube, { access: ACCESS, ids: [`m${round}`] }),
    list: () => vault.list(cube, { access: ACCESS, filter: {}, order: "newest", limit: 10 }),
    thread: async (round) => {
      const id = String(round + 10_000);
      const checkpoint = { namespace: "", id, value: VALUE, metadata: {}, chunks: [] };
      await threads.put(thread, { checkpoint, chunks: [], now: 1e12 });
    },
    task: async (round) => {
      const task = { key: `${name}-${round}`, tenantId: "t", cubeId: "c", type: name, payload: {} };
      await queue.enqueue([task], 1e12);
      for (const leased of await queue.lease(query)) await queue.complete(leased);
    },
  });
}

const VALUE = new Uint8Array(4_096);

async function fillWith({ bare }: BenchPlace, count: number): Promise<void> {
  for (let from = 0; from < count; from += 10_000) {
    const calls = Array.from({ length: 10_000 }, (_, at) =>
      bare.set(`other:${from + at}`, "value"),
    );
    await Promise.all(calls);
  }
}

/** PING of another client while commits of 256 memories come one after the other. */
async function benchBulkLoad(report: Report, { server, storage }: BenchPlace): Promise<void> {
  const cube = await makeCube(storage.vault, "bulk");
  const commits = Array.from({ length: BULK_BATCHES }, (_, batch) =>
    benchCommit(
      cube,
      Array.from({ length: 256 }, (__, at) => benchWrite(cube, `m${batch}-${at}`, at)),
    ),
  );
  const pinger = await bareClient(server);
  const pings: number[] = [];
  let loading = true;
  const ping = async (): Promise<void> => {
    while (loading) {
      const started = performance.now();
      await pinger.ping();
      pings.push(performance.now() - started);
      await sleep(1);
    }
  };
  const pinging = ping();
  for (const commit of commits) await storage.vault.commit(commit);
  loading = false;
  await pinging;
  pinger.destroy();
  const common = { case: "neighbours", subject: "another client, bulk load", unit: "ms" };
  report({ ...common, metric: "ping_p50", value: median(pings) });
  report({ ...common, metric: "ping_p99 (limit 5)", value: percentile(pings, 0.99) });
}
