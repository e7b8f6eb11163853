import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { makeCorpus, makeQueries } from "../corpus.ts";
import { percentile, type Report } from "../report.ts";
import { clusteredVectors } from "../vectors.ts";
import { labelledEmbedder } from "./labelled-embedder.ts";
import { openAt, withDirectory } from "./place.ts";

const ROWS = 50_000;
const DIMENSIONS = 384;
const RUNS = 5;
const CHILD = join(import.meta.dirname, "cold-start-child.ts");

/** The first answer of a fresh process on a cube of 50,000 memories, from opening the file on. */
export async function benchColdStart(report: Report): Promise<void> {
  const texts = makeCorpus(ROWS).map((memory) => memory.text);
  for (const vectors of [false, true]) {
    await withDirectory(async (directory) => {
      const path = join(directory, "memory.db");
      const set = vectors ? clusteredVectors(ROWS, DIMENSIONS, 42) : undefined;
      const embedder = set && labelledEmbedder(set, set, []);
      const os = await openAt(path, {
        durability: "process",
        indexBudgetBytes: 1_000_000_000,
        ...(embedder === undefined ? {} : { embedder }),
      });
      const cube = await os.as({ userId: "ada" }).createCube("large");
      await (await cube.add(texts)).settled();
      await os.close();
      const kind = vectors ? "50k x 384" : "50k, text";
      const runs = Array.from({ length: RUNS }, () => runChild(path, vectors));
      for (const metric of ["open_to_answer_ms", "process_to_answer_ms"] as const) {
        const value = percentile(
          runs.map((run) => run[metric]),
          0.5,
        );
        const name = metric.replace("_ms", "_p50");
        report({
          case: "cold-start",
          subject: `memcube, ${kind}`,
          metric: name,
          value,
          unit: "ms",
        });
      }
    });
  }
}

function runChild(path: string, vectors: boolean) {
  const [query = ""] = makeQueries(1);
  const started = Date.now();
  const child = spawnSync(
    process.execPath,
    ["--conditions=@memcube/source", CHILD, path, query, String(vectors)],
    { encoding: "utf8" },
  );
  if (child.status !== 0) throw new Error(child.stderr);
  const { openToAnswerMs, answeredAt, hits } = JSON.parse(child.stdout) as {
    openToAnswerMs: number;
    answeredAt: number;
    hits: number;
  };
  if (hits === 0) throw new Error("the first question found nothing");
  return { open_to_answer_ms: openToAnswerMs, process_to_answer_ms: answeredAt - started };
}
