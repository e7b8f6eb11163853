import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import type { Report } from "../report.ts";
import { answersOf, type ExactAnswer, exactCases, exactEngine } from "./exactness-cases.ts";

const CHILD = join(import.meta.dirname, "exactness-child.ts");
const AGENTS = 4;

export interface Exactness {
  readonly cases: number;
  /** Answers with memory that differ from those without, first use and later ones. */
  readonly different: number;
  /** Cases in which states were restored, and of all their prompt tokens the share. */
  readonly restoredCases: number;
  readonly restoredShare: number;
  /** How many different answers there are: a model that always says the same proves nothing. */
  readonly distinct: number;
}

/**
 * Greedy answers with and without memory, byte by byte: one process computes them without; then it and
 * another one, four agents each, with memory and on one directory at the same time; then a third one with
 * what those stored.
 */
export async function measureExactness(cases: number, seed = 1): Promise<Exactness> {
  const work = await mkdtemp(join(tmpdir(), "memcube-exact-"));
  try {
    const requests = exactCases(cases, seed);
    const engine = await exactEngine(work);
    const without = await answersOf(
      engine,
      requests.map((request) => ({ ...request, cachePrompt: false })),
      1,
    );
    const args = ["--conditions=@memcube/source", CHILD, work, `${cases}`, `${seed}`, `${AGENTS}`];
    const child = async () => {
      const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 26 });
      return JSON.parse(stdout) as readonly ExactAnswer[];
    };
    const [first, beside] = await Promise.all([answersOf(engine, requests, AGENTS), child()]);
    await engine.close();
    const other = await child();
    const differ = (answers: readonly ExactAnswer[]) =>
      without.filter(({ text }, at) => answers[at]?.text !== text).length;
    const restored = other.filter(({ cachedTokens }) => cachedTokens > 0);
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    return {
      cases,
      different: differ(first) + differ(beside) + differ(other),
      restoredCases: restored.length,
      restoredShare:
        sum(restored.map(({ cachedTokens }) => cachedTokens)) /
        sum(restored.map(({ promptTokens }) => promptTokens)),
      distinct: new Set(without.map(({ text }) => text)).size,
    };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

export async function benchExactness(report: Report): Promise<void> {
  const found = await measureExactness(200);
  const add = (metric: string, value: number, unit: string) =>
    report({ case: "exactness", subject: "memcube", metric, value, unit });
  add("cases", found.cases, "cases");
  add("answers that differ", found.different, "answers");
  add("restored in another process", found.restoredCases, "cases");
  add("prompt tokens restored there", 100 * found.restoredShare, "%");
  add("distinct answers", found.distinct, "answers");
  if (found.different > 0) throw new Error("an answer differs from the one without memory");
}
