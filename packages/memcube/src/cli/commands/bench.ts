import { alignColumns } from "../columns.ts";
import { command } from "../command.ts";
import { usageError } from "../failure.ts";
import { formatDuration } from "../format-values.ts";
import { type Llama, loadLlama } from "../kv/load-llama.ts";
import { modelFile } from "../kv/model-file.ts";
import { oneLine } from "../plain-text.ts";
import { wholeNumber } from "../parse-arguments.ts";

const PAGE = 256;
const HINT = "`memcube help bench` explains it.";

type Gain = Awaited<ReturnType<Llama["measureGain"]>>[number];

export const benchCommand = command({
  name: "bench",
  summary: "measure what kept states save with a model of yours",
  usage: "kv",
  arguments: { min: 1, max: 1 },
  options: {
    model: { type: "string", value: "PATH", about: "GGUF model" },
    context: {
      type: "string",
      multiple: true,
      value: "TOKENS",
      about: "length of the prefix, as long as trained for (default: 512, 1536, 4096)",
    },
    threads: { type: "string", value: "N", about: "threads (default: 1)" },
  },
  examples: [
    { line: "bench kv --model model.gguf", about: "three lengths, one thread" },
    { line: "bench kv --model model.gguf --context 2048 --threads 4", about: "as you use it" },
  ],
  details:
    "Time to the first token of an answer behind a prefix and a question of 28 tokens: all computed, " +
    "restored from RAM, restored from disk, and with the prefix still in the context. CPU time of all threads.",
  run: async (context, { values, arguments: [what] }) => {
    if (what !== "kv") throw usageError(`bench measures kv, not ${oneLine(what ?? "")}.`, HINT);
    const { model } = values;
    if (model === undefined) throw usageError("bench kv needs --model PATH.", HINT);
    const contexts = values.context?.map((text) => {
      const tokens = wholeNumber(text, "--context", { min: PAGE, max: 1_048_576 }) ?? PAGE;
      return Math.ceil(tokens / PAGE) * PAGE;
    });
    const threads = wholeNumber(values.threads, "--threads", { min: 1, max: 1_024 });
    await modelFile(model, context);
    const { measureGain } = await loadLlama();
    const gains = await measureGain({
      model,
      signal: context.signal,
      onStep: ({ contextTokens, what: step, seconds }) =>
        context.notes.note(`${contextTokens} tokens: ${step}, ${seconds.toFixed(1)} s`),
      onResult: (gain) => context.json && context.out.json(gain),
      ...(contexts === undefined ? {} : { contexts }),
      ...(threads === undefined ? {} : { threads }),
    });
    if (!context.json) for (const line of alignColumns(table(gains))) context.out.line(line);
    const different = gains.filter(({ same }) => !same);
    for (const { contextTokens } of different) {
      context.notes.warn(`answers behind ${contextTokens} tokens differ with and without states`);
    }
    return undefined;
  },
});

function table(gains: readonly Gain[]): readonly (readonly string[])[] {
  const head = ["tokens", "computed", "restored", "saves", "from disk", "warm context"];
  const rows = gains.map(({ contextTokens, cold, restored, fromDisk, warmContext }) => [
    `${contextTokens}`,
    formatDuration(cold.cpuMs),
    formatDuration(restored.cpuMs),
    `${(cold.cpuMs / restored.cpuMs).toFixed(1)}x`,
    `${formatDuration(fromDisk.cpuMs)} (${(cold.cpuMs / fromDisk.cpuMs).toFixed(1)}x)`,
    formatDuration(warmContext.cpuMs),
  ]);
  return [head, ...rows];
}
