import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

import type { Embedder } from "@memcube/core";

import { CORPUS_SIZE, DIMENSIONS, embed, LIMIT, makeCorpus, makeQueries } from "../corpus.ts";
import { cpuMsOf, percentile, type Measurement, type Report } from "../report.ts";
import { openAt, withDirectory } from "./place.ts";

const QUERIES = 200;
const PEERS = join(import.meta.dirname, "../peers");

const hashed: Embedder = {
  model: "bench-hashed",
  dimensions: DIMENSIONS,
  embed: async (texts) => await Promise.resolve(texts.map(embed)),
};

/** 10,000 memories of one user: memcube on disk beside peers in memory, CPU per query. */
export async function benchSearchPeers(report: Report): Promise<void> {
  const ours = await benchOurs(report);
  for (const { subject, metric, ...rest } of peerMeasurements()) {
    report({ subject, metric, ...rest });
    if (rest.case !== "search-10k" || metric !== "cpu_ms_per_query") continue;
    const value = rest.value / ours;
    report({ case: rest.case, subject, metric: "cpu_over_memcube", value, unit: "x" });
  }
}

async function benchOurs(report: Report): Promise<number> {
  return await withDirectory(async (directory) => {
    const path = join(directory, "memory.db");
    const filling = await openAt(path, { embedder: hashed });
    const writer = await filling.as({ userId: "ada" }).createCube("peers");
    const texts = makeCorpus(CORPUS_SIZE).map((memory) => memory.text);
    const started = performance.now();
    const addCpu = await cpuMsOf(async () => (await writer.add(texts)).settled());
    const perSecond = CORPUS_SIZE / ((performance.now() - started) / 1_000);
    await filling.close();

    const os = await openAt(path, { embedder: hashed });
    const cube = await os.as({ userId: "ada" }).cube("peers");
    const queries = makeQueries(QUERIES);
    for (const query of queries.slice(0, 50)) await cube.search(query, { limit: LIMIT });
    const times: number[] = [];
    const cpu = await cpuMsOf(async () => {
      for (const query of queries) {
        const before = performance.now();
        await cube.search(query, { limit: LIMIT });
        times.push(performance.now() - before);
      }
    });
    const common = { case: "search-10k", subject: "memcube (on disk)" };
    const add = { ...common, case: "add-10k" };
    report({ ...add, metric: "cpu_ms_per_add", value: addCpu / CORPUS_SIZE, unit: "ms" });
    report({ ...add, metric: "memories_per_second", value: perSecond, unit: "1/s" });
    report({ ...common, metric: "cpu_ms_per_query", value: cpu / QUERIES, unit: "ms" });
    report({ ...common, metric: "p50", value: percentile(times, 0.5), unit: "ms" });
    await os.close();
    return cpu / QUERIES;
  });
}

/** What the peers print in the same run; none when they are not installed (see peers/README.md). */
function peerMeasurements(): Measurement[] {
  if (!existsSync(join(PEERS, "node_modules"))) {
    console.error("peers are not installed: see test/bench/peers/README.md");
    return [];
  }
  return ["langchain.ts", "mem0.ts"].flatMap((script) => {
    const env = { ...process.env, MEM0_TELEMETRY: "false" };
    const { stdout } = spawnSync(process.execPath, [script], { cwd: PEERS, encoding: "utf8", env });
    return stdout
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Measurement);
  });
}
