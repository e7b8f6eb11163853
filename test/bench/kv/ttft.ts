import { type Effort, type Gain, measureGain } from "@memcube/llama";
import { largeModel } from "@memcube/llama/testing";

import type { Report } from "../report.ts";
import { benchServerSlots } from "./server-slots.ts";

/**
 * Time to the first token behind a prefix, in CPU seconds of one thread: computed anew over restored. The
 * model has the shape of Qwen2.5 0.5B (Q8_0 weights, F16 states), with weights of no sense.
 */
export function benchTtft(contextTokens: number): (report: Report) => Promise<void> {
  return async (report) => {
    const model = await largeModel();
    const [gain] = await measureGain({ model, contexts: [contextTokens] });
    if (gain === undefined) throw new Error("nothing was measured");
    if (!gain.same) throw new Error("an answer differs from the one without memory");
    reportGain(gain, report);
    await benchServerSlots({ model, contextTokens }, report);
  };
}

const SUBJECTS = {
  memcube: "restored",
  "memcube, from disk": "fromDisk",
  "warm-context": "warmContext",
} as const;

function reportGain(gain: Gain, report: Report): void {
  const name = `ctx${gain.contextTokens}`;
  const { cold, warmContext } = gain;
  const add = (subject: string, metric: string, value: number, unit: string) =>
    report({ case: name, subject, metric, value, unit });
  add("cold", "ttft_cpu_s", cold.cpuMs / 1_000, "s");
  for (const [subject, member] of Object.entries(SUBJECTS)) {
    const effort: Effort = gain[member];
    add(subject, "ttft_cpu_s", effort.cpuMs / 1_000, "s");
    add(subject, "ttft_ratio_cpu", cold.cpuMs / effort.cpuMs, "x");
    add(subject, "ttft_ratio_wall", cold.wallMs / effort.wallMs, "x");
    if (member === "warmContext") continue;
    // What a warm context does not do: look up, verify, assemble, load.
    const share = (effort.cpuMs - warmContext.cpuMs) / (cold.cpuMs - warmContext.cpuMs);
    add(subject, "restore_share_of_prefill", 100 * share, "%");
  }
  const storing = gain.stored.cpuMs / cold.cpuMs - 1;
  add("memcube", "store_share_of_cold", 100 * storing, "%");
}
