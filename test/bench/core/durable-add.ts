import { join } from "node:path";

import { makeCorpus } from "../corpus.ts";
import { percentile, type Report } from "../report.ts";
import { openAt, withDirectory, type Durability } from "./place.ts";

const BATCHED = 20_000;
const SINGLE = 1_000;

/** Acknowledged adds: in batches, one at a time, and until the first search finds them. */
export async function benchDurableAdd(report: Report): Promise<void> {
  for (const durability of ["power", "process"] as const) {
    await withDirectory(async (directory) => {
      await benchBatches(report, join(directory, "batches.db"), durability);
      await benchSingles(report, join(directory, "singles.db"), durability);
    });
  }
}

async function benchBatches(report: Report, path: string, durability: Durability): Promise<void> {
  const os = await openAt(path, { durability });
  const cube = await os.as({ userId: "ada" }).createCube("batches");
  const texts = makeCorpus(BATCHED).map((memory) => memory.text);
  const started = performance.now();
  await cube.add(texts);
  const seconds = (performance.now() - started) / 1_000;
  report({
    case: "durable-add",
    subject: `memcube, ${durability}`,
    metric: "batched_memories_per_second",
    value: BATCHED / seconds,
    unit: "1/s",
  });
  await os.close();
}

async function benchSingles(report: Report, path: string, durability: Durability): Promise<void> {
  const os = await openAt(path, { durability });
  const cube = await os.as({ userId: "ada" }).createCube("singles");
  const texts = makeCorpus(SINGLE + 100).map((memory) => memory.text);
  const adds: number[] = [];
  const searchable: number[] = [];
  let cpuMs = 0;
  for (const [i, text] of texts.entries()) {
    const cpu = process.cpuUsage();
    const started = performance.now();
    const { ids } = await cube.add(text);
    const acknowledged = performance.now();
    if (i < 100) continue;
    const { user, system } = process.cpuUsage(cpu);
    cpuMs += (user + system) / 1_000;
    adds.push(acknowledged - started);
    if (i % 10 !== 0) continue;
    const { hits } = await cube.search(text, { limit: 5 });
    if (!hits.some((hit) => hit.memory.header.id === ids[0])) throw new Error("not searchable");
    searchable.push(performance.now() - acknowledged);
  }
  const common = { case: "durable-add", subject: `memcube, ${durability}`, unit: "ms" };
  report({ ...common, metric: "single_add_p50", value: percentile(adds, 0.5) });
  report({ ...common, metric: "single_add_p95", value: percentile(adds, 0.95) });
  report({ ...common, metric: "single_add_cpu", value: cpuMs / adds.length });
  report({ ...common, metric: "add_to_searchable_p95", value: percentile(searchable, 0.95) });
  await os.close();
}
