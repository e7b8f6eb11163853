import { execFile } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { largeModel } from "@memcube/llama/testing";

import type { Report } from "../report.ts";
import { benchPlanning } from "./planning.ts";

const CHILD = join(import.meta.dirname, "plan-child.ts");
const FRAMEWORKS = ["AI SDK", "LangChain"] as const;

/** What a machine is to do. */
export interface PlanTask {
  readonly framework: (typeof FRAMEWORKS)[number];
  /** File of memories. */
  readonly path: string;
  /** Its own states of prompts. */
  readonly directory: string;
  /** Of the stable block, some. */
  readonly contextTokens: number;
  readonly cachePrompt: boolean;
  /** Writes the memories first, and promotes the state of the block. */
  readonly remember: boolean;
}

/** An answer of one token. */
export interface PlanAnswer {
  readonly text: string;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly cpuMs: number;
  readonly wallMs: number;
}

/**
 * A state that one machine promoted by itself is restored by another that has nothing but the cube: CPU
 * seconds of one thread to the first token through the frameworks, memory's own work included, computed
 * anew over restored. Model as in `ctx512`; each machine is a process with a store of its own.
 */
export function benchPlan(contexts: readonly number[]): (report: Report) => Promise<void> {
  return async (report) => {
    await largeModel();
    for (const contextTokens of contexts) await benchPromoted(contextTokens, report);
  };
}

/** The same for prompts that are made in a coffee break, and what planning costs where nothing is chosen. */
export async function benchPlans(report: Report): Promise<void> {
  await benchPlanning(report);
  await benchPlan([600, 1_800])(report);
}

async function benchPromoted(contextTokens: number, report: Report): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "memcube-plan-"));
  const memories = join(folder, "memories");
  const ask = async (name: string, task: Pick<PlanTask, "framework" | "cachePrompt">) => {
    // What it says is not kept where the next one looks.
    const machine = join(folder, name);
    await cp(memories, machine, { recursive: true });
    return await inProcess({ ...task, ...places(machine), contextTokens, remember: false });
  };
  const add = (subject: string, metric: string, value: number, unit: string) =>
    report({ case: `plan${contextTokens}`, subject, metric, value, unit });
  try {
    const first = await inProcess({
      framework: "AI SDK",
      ...places(memories),
      directory: join(folder, "first"),
      contextTokens,
      cachePrompt: true,
      remember: true,
    });
    add("first machine", "prompt", first.promptTokens, "tokens");
    add("first machine", "ttft_cpu_s", first.cpuMs / 1_000, "s");
    for (const framework of FRAMEWORKS) {
      const cold = await ask(`cold ${framework}`, { framework, cachePrompt: false });
      const restored = await ask(`restored ${framework}`, { framework, cachePrompt: true });
      if (restored.text !== cold.text) throw new Error("another answer than without states");
      if (cold.cachedTokens !== 0 || restored.cachedTokens < contextTokens - 512) {
        throw new Error(`restored ${restored.cachedTokens} of ${restored.promptTokens} tokens`);
      }
      add(`${framework}, cold`, "ttft_cpu_s", cold.cpuMs / 1_000, "s");
      add(framework, "restored", restored.cachedTokens, "tokens");
      add(framework, "ttft_cpu_s", restored.cpuMs / 1_000, "s");
      add(framework, "ttft_ratio_cpu", cold.cpuMs / restored.cpuMs, "x");
      add(framework, "ttft_ratio_wall", cold.wallMs / restored.wallMs, "x");
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function places(machine: string): Pick<PlanTask, "path" | "directory"> {
  return { path: join(machine, "memory.db"), directory: join(machine, "states") };
}

async function inProcess(task: PlanTask): Promise<PlanAnswer> {
  const args = ["--conditions=@memcube/source", CHILD, JSON.stringify(task)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as PlanAnswer;
}
