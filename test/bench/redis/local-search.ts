import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";

import { createMemOS } from "@memcube/core";
import { redisStorage } from "@memcube/redis";

import { makeCorpus, makeQueries } from "../corpus.ts";
import { percentile, type Report } from "../report.ts";
import { type BareClient, median, withRedis } from "./place.ts";

const MEMORIES = 10_000;
const QUERIES = 500;
const FOREIGN = 200;

/** Search in the process's own index, and how soon it shows what another process committed. */
export async function benchLocalSearch(report: Report): Promise<void> {
  await withRedis({}, async ({ server, bare }) => {
    const open = async () =>
      createMemOS({ storage: await redisStorage({ url: server.url, search: "local" }) });
    const [os, other] = [await open(), await open()];
    const writer = await other.as({ userId: "ada" }).createCube("searched");
    await writer.add(makeCorpus(MEMORIES).map(({ text }) => text));
    const cube = await os.as({ userId: "ada" }).cube("searched");
    const queries = makeQueries(QUERIES);
    // What a hit says is read once, and kept in this process after that.
    for (const query of queries) await cube.search(query, { limit: 10 });

    const times: number[] = [];
    const before = await readsOf(bare);
    for (const query of queries) {
      const started = performance.now();
      await cube.search(query, { limit: 10 });
      times.push(performance.now() - started);
    }
    // One of them is that of the question itself.
    const reads = (await readsOf(bare)) - before - 1;
    const common = { case: "local-search", subject: "memcube, 10,000 memories" };
    report({ ...common, metric: "search_p50 (limit 1)", value: median(times), unit: "ms" });
    report({ ...common, metric: "search_p95", value: percentile(times, 0.95), unit: "ms" });
    report({ ...common, metric: "round_trips_per_search", value: reads / QUERIES, unit: "" });

    const staleness: number[] = [];
    for (let at = 0; at < FOREIGN; at += 1) {
      await writer.add(`the foreign word number qx${at}z appeared`);
      const acknowledged = performance.now();
      for (;;) {
        // A search without a round trip does not let messages in by itself.
        await nextTurn();
        const { hits } = await cube.search(`qx${at}z`, { limit: 1 });
        if (JSON.stringify(hits[0]?.memory.payload ?? "").includes(`qx${at}z`)) break;
      }
      staleness.push(performance.now() - acknowledged);
      await sleep(5);
    }
    const foreign = { ...common, unit: "ms" };
    report({ ...foreign, metric: "staleness_p50", value: median(staleness) });
    report({ ...foreign, metric: "staleness_p95 (limit 50)", value: percentile(staleness, 0.95) });
    await os.close();
    await other.close();
  });
}

/** How often the server has read from any socket. */
async function readsOf(bare: BareClient): Promise<number> {
  return Number(/total_reads_processed:(\d+)/u.exec(await bare.info("stats"))?.[1]);
}
