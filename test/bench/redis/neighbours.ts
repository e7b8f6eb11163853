import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { percentile, type Report } from "../report.ts";
import { bareFields, benchCommit, benchWrite } from "./bench-memories.ts";
import { batchSizeOf, type BenchPlace, inTurns, makeCube, median, withRedis } from "./place.ts";

const PINGER = fileURLToPath(new URL("./ping-child.ts", import.meta.url));
const UNRELATED = 1_000_000;
const ROUNDS = 2_000;
const BULK_MEMORIES = 30_720;
const ACCESS = { principals: ["user:ada", "everyone"] } as const;

/** What a million keys of others cost us, and what a bulk load of ours costs others. */
export async function benchNeighbours(report: Report): Promise<void> {
  // Two servers, one of them crowded, take turns: so both see the same machine.
  await withRedis({}, async (alone) => {
    await withRedis({}, async (crowded) => {
      await fillWith(crowded, UNRELATED);
      const [empty, full] = [await subjectsOn(alone), await subjectsOn(crowded)];
      for (const metric of ["commit", "read", "list", "thread", "task"] as const) {
        const times = await inTurns(ROUNDS, { alone: empty[metric], crowded: full[metric] });
        const common = { case: "neighbours", subject: "1,000,000 unrelated keys" };
        const [before, after] = [median(times.alone), median(times.crowded)];
        report({ ...common, metric: `${metric}_p50`, value: after, unit: "ms" });
        report({
          ...common,
          metric: `${metric}_ratio (limit 1.1)`,
          value: after / before,
          unit: "x",
        });
      }
      await benchBulkLoad(report, alone);
    });
  });
}

async function subjectsOn({ storage }: BenchPlace) {
  const { vault, threads, queue } = storage;
  const cube = await makeCube(vault, "cube");
  const thread = { tenantId: "t", owner: "user:ada", threadId: "thread" } as const;
  const query = { types: ["work"], limit: 1, now: 1e12, leaseMs: 1_000, worker: "w" };
  return {
    commit: (round: number) =>
      vault.commit(benchCommit(cube, [benchWrite(cube, `m${round}`, round)])),
    read: (round: number) => vault.read(cube, { access: ACCESS, ids: [`m${round}`] }),
    list: () => vault.list(cube, { access: ACCESS, filter: {}, order: "newest", limit: 10 }),
    thread: async (round: number) => {
      const id = String(round + 10_000);
      const checkpoint = { namespace: "", id, value: VALUE, chunks: [] };
      await threads.put(thread, { checkpoint, chunks: [], now: 1e12 });
    },
    task: async (round: number) => {
      const task = { key: `k${round}`, tenantId: "t", cubeId: "c", type: "work", payload: {} };
      await queue.enqueue([task], 1e12);
      for (const leased of await queue.lease(query)) await queue.complete(leased);
    },
  };
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

/**
 * PING of another client during a bulk load: bare pipelined writes, and commits as large as `add` makes
 * them, one after the other and eight at a time.
 */
async function benchBulkLoad(report: Report, { server, storage, bare }: BenchPlace): Promise<void> {
  const { vault } = storage;
  const size = batchSizeOf(vault);
  const commitsTo = async (cubeId: string) => {
    const cube = await makeCube(vault, cubeId);
    return Array.from({ length: BULK_MEMORIES / size }, (_, batch) =>
      benchCommit(
        cube,
        Array.from({ length: size }, (__, at) => benchWrite(cube, `m${batch}-${at}`, at)),
      ),
    );
  };
  const commits = await commitsTo("bulk");
  const others = await commitsTo("crowd");
  const common = { case: "neighbours", unit: "ms" };
  const quiet = await pingsDuring(server, () => sleep(1_000));
  const plain = await pingsDuring(server, async () => {
    for (const { writes } of commits)
      await Promise.all(
        writes.map(async (write) => {
          if (write.op === "put") await bare.hSet(`bare:${write.id}`, bareFields(write));
        }),
      );
  });
  const ours = await pingsDuring(server, async () => {
    for (const commit of commits) await vault.commit(commit);
  });
  const crowd = await pingsDuring(server, async () => {
    const queue = others.values();
    const work = async () => {
      for (const commit of queue) await vault.commit(commit);
    };
    await Promise.all(Array.from({ length: 8 }, work));
  });
  for (const [subject, pings] of Object.entries({
    "PING, no load": quiet,
    "PING, bare pipelined load": plain,
    [`PING, commits of ${size}`]: ours,
    [`PING, 8 x commits of ${size}`]: crowd,
  })) {
    report({ ...common, subject, metric: "ping_p50", value: median(pings) });
    report({ ...common, subject, metric: "ping_p99 (limit 5)", value: percentile(pings, 0.99) });
  }
}

/** Times of another process: what happens in this one delays none of them. */
async function pingsDuring(
  server: BenchPlace["server"],
  work: () => Promise<unknown>,
): Promise<number[]> {
  const child = fork(PINGER, [server.url], { execArgv: ["--conditions=@memcube/source"] });
  await once(child, "message");
  await work();
  const answer = once(child, "message");
  child.send("stop");
  const [pings] = (await answer) as [number[]];
  return pings;
}
