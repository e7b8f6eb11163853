import { join } from "node:path";

import { makeCorpus, makeQueries } from "../corpus.ts";
import type { Report } from "../report.ts";
import { openAt, withDirectory } from "./place.ts";

const CUBES = 1_000;
const ROWS = 100;
const MIB = 1_048_576;
const BUDGET_BYTES = 32 * MIB;

/** Heap growth while 1,000 cubes are searched in turn, twice, under an index budget of 32 MiB. */
export async function benchManyCubes(report: Report): Promise<void> {
  await withDirectory(async (directory) => {
    const path = join(directory, "memory.db");
    const texts = makeCorpus(ROWS).map((memory) => memory.text);
    const filling = await openAt(path, { durability: "process", indexBudgetBytes: BUDGET_BYTES });
    const writer = filling.as({ userId: "ada" });
    for (let i = 0; i < CUBES; i++) await (await writer.createCube(`c${i}`)).add(texts);
    await filling.close();

    const os = await openAt(path, {
      indexBudgetBytes: BUDGET_BYTES,
      memoryBudgetBytes: 4 * MIB,
    });
    const me = os.as({ userId: "ada" });
    const [query = ""] = makeQueries(1);
    const before = settledHeap();
    let most = 0;
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < CUBES; i++) {
        await (await me.cube(`c${i}`)).search(query);
        if (i % 100 === 99) most = Math.max(most, settledHeap() - before);
      }
    }
    const common = { case: "many-cubes", subject: "memcube", unit: "MiB" };
    report({ ...common, metric: "index_budget", value: BUDGET_BYTES / MIB });
    report({ ...common, metric: "heap_growth_max", value: most / MIB });
    await os.close();
  });
}

/** Heap and buffers after a collection, when the process lets us collect (`--expose-gc`). */
function settledHeap(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
