import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { llamaEngine } from "@memcube/llama";
import { tinyModel } from "@memcube/llama/testing";
import type { MemOS } from "@memcube/core";
import { open } from "memcube";

import { percentile, type Report } from "../report.ts";

const CALLER = { userId: "ada" };
const MEMORIES = 1_000;
const ROUNDS = 400;
/** As many as a plan looks at. */
const STATES = 100;

/**
 * What it adds to `prepare` and `handOver` that the prompt goes to an engine for which nothing is chosen:
 * with nothing in the cube for any engine, and with states of another one.
 */
export async function benchPlanning(report: Report): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "memcube-planning-"));
  const kv = { directory: join(folder, "states") };
  const engine = await llamaEngine({ model: await tinyModel(), threads: 1, kv });
  const os = await open({ path: join(folder, "memory.db"), engine, promotion: false });
  try {
    const cube = await os.as(CALLER).cube("user:ada");
    const { ids } = await cube.add([
      { type: "preference", text: "Ada likes tea from Paris." },
      ...Array.from({ length: MEMORIES }, (_, at) => `Fact ${at} is item ${at * 7}.`),
    ]);
    await measure(os, engine.model.id, "nothing for an engine", report);
    const source = { id: ids[0] ?? "", version: 1 };
    for (let at = 0; at < STATES; at += 1) {
      const state = {
        modelSha256: "0".repeat(64),
        engineKey: "another",
        lora: [],
        tokenCount: 256,
        tokensSha256: at.toString(16).padStart(64, "0"),
        pages: [new Uint8Array([at])],
      };
      await cube.promote(state, { sources: [source] });
    }
    await measure(os, engine.model.id, `${STATES} states of another`, report);
  } finally {
    await os.close();
    await engine.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Both in turn, so that neither has the quieter half of the time. */
async function measure(os: MemOS, model: string, subject: string, report: Report): Promise<void> {
  const times = { without: [] as number[], with: [] as number[] };
  const messages = [{ role: "user", content: "What is fact 4?" }];
  const plan = async (to: number[], named: { readonly model?: string }) => {
    const began = performance.now();
    const { handOver } = await os.as(CALLER).prepare({ messages, ...named });
    await handOver();
    to.push(performance.now() - began);
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    await plan(times.without, {});
    await plan(times.with, { model });
  }
  const add = (metric: string, value: number) =>
    report({ case: "plan", subject, metric, value, unit: "ms" });
  const warm = (all: readonly number[]) => percentile(all.slice(ROUNDS / 4), 0.5);
  add("prepare without engine p50", warm(times.without));
  add("added by planning for one p50", warm(times.with) - warm(times.without));
}
