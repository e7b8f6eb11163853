import { llamaEngine } from "@memcube/llama";
import { tinyModel } from "@memcube/llama/testing";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import type { Report } from "../report.ts";
import { answerOf, type ExactAnswer } from "./exactness-cases.ts";
import { sharedQuestion } from "./sharing-prompt.ts";

const CHILD = join(import.meta.dirname, "sharing-child.ts");
const AGENTS = 4;

/**
 * Four agents ask at the same time behind one prefix, in one process and in four: how many tokens are
 * computed for all.
 */
export async function benchSharing(report: Report): Promise<void> {
  for (const [where, ask] of [
    ["one process", askTogether],
    ["a process each", askApart],
  ] as const) {
    const directory = await mkdtemp(join(tmpdir(), "memcube-sharing-"));
    try {
      reportShared(await ask(directory), `memcube, ${where}`, report);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }
}

function reportShared(answers: readonly ExactAnswer[], subject: string, report: Report): void {
  const computed = answers.map(
    ({ promptTokens, cachedTokens }) => Math.floor(promptTokens / 256) * 256 - cachedTokens,
  );
  const prefix = Math.max(...computed);
  const total = computed.reduce((sum, tokens) => sum + tokens, 0);
  const add = (metric: string, value: number, unit: string) =>
    report({ case: "sharing", subject, metric, value, unit });
  add("prefix", prefix, "tokens");
  add("computed by 4 agents", total, "tokens");
  add("prefills of it by 4 agents", total / prefix, "x");
  if (prefix === 0 || total !== prefix) throw new Error("the prefix was computed more than once");
}

async function askTogether(directory: string): Promise<readonly ExactAnswer[]> {
  const model = await tinyModel();
  const engine = await llamaEngine({ model, threads: 1, maxContexts: AGENTS, kv: { directory } });
  try {
    const agents = Array.from({ length: AGENTS }, (_, agent) => agent);
    return await Promise.all(agents.map((agent) => answerOf(engine, sharedQuestion(agent))));
  } finally {
    await engine.close();
  }
}

async function askApart(directory: string): Promise<readonly ExactAnswer[]> {
  await tinyModel();
  const agents = Array.from({ length: AGENTS }, (_, agent) => startAgent(directory, agent));
  try {
    await Promise.all(agents.map(({ ready }) => ready));
    for (const { child } of agents) child.stdin?.write("go\n");
    return await Promise.all(agents.map(({ answer }) => answer));
  } finally {
    for (const { child } of agents) child.kill("SIGKILL");
  }
}

interface Agent {
  readonly child: ChildProcess;
  readonly ready: Promise<void>;
  readonly answer: Promise<ExactAnswer>;
}

function startAgent(directory: string, agent: number): Agent {
  const args = ["--conditions=@memcube/source", CHILD, directory, `${agent}`];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const ready = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<ExactAnswer>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (line === "ready") ready.resolve();
    else answer.resolve(JSON.parse(line) as ExactAnswer);
  });
  child.once("close", (code) => {
    const ended = new Error(`agent ${agent} ended with ${code}`);
    ready.reject(ended);
    answer.reject(ended);
  });
  answer.promise.catch(() => undefined);
  return { child, ready: ready.promise, answer: answer.promise };
}
