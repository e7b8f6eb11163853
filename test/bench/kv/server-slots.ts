import type { Report } from "../report.ts";
import { LlamaServer } from "./llama-server.ts";

/** As behind the prefix that memcube is measured with. */
const QUESTION_TOKENS = 28;
const ROUNDS = 3;
const SUBJECT = "llama-server slots";
/** Ids of plain words in every model of ours. */
const FIRST_ID = 300;
const IDS = 100;

/**
 * The same for the slots of llama-server, which keep the state of one prompt in a file that its caller
 * names: nothing is looked up, shared or verified. Its own processor time, not that of who asks.
 *
 * @param binary path of a llama-server; without one a line says how to give one
 */
export async function benchServerSlots(
  { model, contextTokens }: { readonly model: string; readonly contextTokens: number },
  report: Report,
  binary = process.env["MEMCUBE_LLAMA_SERVER"],
): Promise<void> {
  if (binary === undefined || binary === "") {
    console.error(`${SUBJECT}: not measured; MEMCUBE_LLAMA_SERVER names no llama-server binary`);
    return;
  }
  const contextSize = contextTokens + 256;
  const server = await LlamaServer.start(binary, { model, contextSize });
  try {
    await measure(server, contextTokens, report);
  } finally {
    await server.stop();
  }
}

async function measure(server: LlamaServer, contextTokens: number, report: Report): Promise<void> {
  const prefix = ids(contextTokens, 1);
  const prompt = [...prefix, ...ids(QUESTION_TOKENS, 2)];
  const timed = async <T>(work: () => Promise<T>) => {
    const before = await server.cpuMs();
    const value = await work();
    return { value, cpuMs: (await server.cpuMs()) - before };
  };
  await server.complete(ids(32, 3));
  await server.erase();
  const cold = await timed(() => server.complete(prompt));
  if (cold.value.cached !== 0) throw new Error("the slot was not empty");
  await server.erase();
  await server.complete(prefix);
  const saving = await timed(() => server.save("prefix.bin"));
  const restored = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await server.erase();
    await server.complete(ids(32, 4 + round));
    restored.push(
      await timed(async () => {
        await server.restore("prefix.bin");
        return await server.complete(prompt);
      }),
    );
  }
  for (const { value } of restored) {
    // The last token of a prompt is always computed; of a saved one, too.
    if (value.cached < contextTokens - 1) throw new Error(`only ${value.cached} tokens restored`);
    if (value.tokens.join() !== cold.value.tokens.join()) console.error(`${SUBJECT}: other answer`);
  }
  const [, middle] = restored.map(({ cpuMs }) => cpuMs).toSorted((a, b) => a - b);
  const add = (subject: string, metric: string, value: number, unit: string) =>
    report({ case: `ctx${contextTokens}`, subject, metric, value, unit });
  add(`${SUBJECT}, cold`, "ttft_cpu_s", cold.cpuMs / 1_000, "s");
  add(SUBJECT, "ttft_cpu_s", (middle ?? Number.NaN) / 1_000, "s");
  add(SUBJECT, "ttft_ratio_cpu", cold.cpuMs / (middle ?? Number.NaN), "x");
  add(SUBJECT, "store_share_of_cold", (100 * saving.cpuMs) / cold.cpuMs, "%");
}

/** Token ids of no sense, others for each number. */
function ids(count: number, number: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => FIRST_ID + ((at * 7 + number * 31) % IDS));
}
