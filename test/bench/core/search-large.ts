import { join } from "node:path";

import { makeCorpus, makeQueries } from "../corpus.ts";
import { cpuMsOf, percentile, type Report } from "../report.ts";
import { bareScan, clusteredVectors, vectorAt } from "../vectors.ts";
import { labelledEmbedder } from "./labelled-embedder.ts";
import { openAt, withDirectory } from "./place.ts";

const DIMENSIONS = 384;
const QUERIES = 400;
/** Queries and scans are timed in turns of so many, so that what else the machine does slows both. */
const TURN = 50;
/** Other questions asked before, so that the compiler is done when we measure. */
const WARM_UP = 1_000;
/** Memories are of three visibility classes; the caller sees two of them. */
const LISTS = [{}, { allow: ["role:team" as const] }, { allow: ["user:somebody-else" as const] }];

/**
 * Search of text, vector and principals in one cube, against the bare int8 scan of the same vectors
 * in the same process: CPU milliseconds per query, all threads counted.
 */
export async function benchSearchLarge(report: Report, rows = 50_000): Promise<void> {
  const name = `search-${rows / 1_000}k`;
  const vectors = clusteredVectors(rows, DIMENSIONS, 42);
  const questions = clusteredVectors(WARM_UP + QUERIES, DIMENSIONS, 4_242);
  const queries = makeQueries(WARM_UP + QUERIES).map((query, i) => `${query} ${i}`);
  const measured = queries.slice(WARM_UP);
  const scanOnce = bareScan(vectors, vectorAt(questions, 0));
  await withDirectory(async (directory) => {
    const path = join(directory, "memory.db");
    const options = {
      durability: "process",
      embedder: labelledEmbedder(vectors, questions, queries),
      indexBudgetBytes: 1_000_000_000,
    } as const;
    const filling = await openAt(path, options);
    const owner = filling.as({ userId: "owner" });
    const large = await owner.createCube("large", { allow: ["role:team"] });
    const texts = makeCorpus(rows).map((memory) => memory.text);
    for (const [i, lists] of LISTS.entries()) {
      const part = texts.filter((_, index) => index % LISTS.length === i);
      await (await large.add(part, lists)).settled();
    }
    // Closing persists the index: what is measured below is search alone.
    await filling.close();

    const os = await openAt(path, options);
    const reader = await os.as({ userId: "reader", roles: ["team"] }).cube("large");
    for (const query of queries.slice(0, WARM_UP)) await reader.search(query);
    for (let at = 0; at < TURN; at++) scanOnce();
    const times: number[] = [];
    let cpuMs = 0;
    let scanCpuMs = 0;
    for (let from = 0; from < measured.length; from += TURN) {
      const turn = measured.slice(from, from + TURN);
      cpuMs += await cpuMsOf(async () => {
        for (const query of turn) {
          const started = performance.now();
          await reader.search(query);
          times.push(performance.now() - started);
        }
      });
      scanCpuMs += await cpuMsOf(async () => {
        for (const _ of turn) scanOnce();
        await Promise.resolve();
      });
    }
    const perQuery = cpuMs / measured.length;
    const perScan = scanCpuMs / measured.length;
    const metric = "cpu_ms_per_query";
    report({ case: name, subject: "bare int8 scan", metric, value: perScan, unit: "ms" });
    const subject = "memcube";
    report({ case: name, subject, metric, value: perQuery, unit: "ms" });
    report({ case: name, subject, metric: "p50", value: percentile(times, 0.5), unit: "ms" });
    report({ case: name, subject, metric: "p95", value: percentile(times, 0.95), unit: "ms" });
    report({
      case: name,
      subject,
      metric: "cpu_over_bare_scan",
      value: perQuery / perScan,
      unit: "x",
    });
    await os.close();
  });
}
