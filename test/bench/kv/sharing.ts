import type { EngineRequest } from "@memcube/core";
import { llamaEngine } from "@memcube/llama";
import { tinyModel } from "@memcube/llama/testing";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Report } from "../report.ts";
import { answerOf, exactCases } from "./exactness-cases.ts";

const AGENTS = 4;

/** Four agents ask at the same time behind one prefix: how many tokens are computed for all. */
export async function benchSharing(report: Report): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "memcube-sharing-"));
  const model = await tinyModel();
  const engine = await llamaEngine({ model, threads: 1, maxContexts: AGENTS, kv: { directory } });
  try {
    const [first] = exactCases(1, 5);
    const [system] = first?.messages ?? [];
    if (system === undefined) throw new Error("no prefix");
    const requests = Array.from({ length: AGENTS }, (_, agent): EngineRequest => ({
      messages: [system, { role: "user", text: `What about agent ${agent}?` }],
      sampling: { temperature: 0, maxTokens: 4 },
    }));
    const answers = await Promise.all(requests.map((request) => answerOf(engine, request)));
    const computed = answers.map(
      ({ promptTokens, cachedTokens }) => Math.floor(promptTokens / 256) * 256 - cachedTokens,
    );
    const prefix = Math.max(...computed);
    const total = computed.reduce((sum, tokens) => sum + tokens, 0);
    const add = (metric: string, value: number, unit: string) =>
      report({ case: "sharing", subject: "memcube", metric, value, unit });
    add("prefix", prefix, "tokens");
    add("prefills of it by 4 agents", total / prefix, "x");
    if (prefix === 0 || total !== prefix) throw new Error("the prefix was computed more than once");
  } finally {
    await engine.close();
    await rm(directory, { recursive: true, force: true });
  }
}
