import { join } from "node:path";

import type { LanguageModelV4, LanguageModelV4Middleware } from "@ai-sdk/provider";
import { memcubeMiddleware } from "@memcube/ai-sdk";
import { wrapLanguageModel } from "ai";
import { convertArrayToReadableStream, MockLanguageModelV4 } from "ai/test";

import { streamed } from "../../ai-sdk/scripted-model.ts";
import { openAt, withDirectory } from "../core/place.ts";
import { makeCorpus } from "../corpus.ts";
import { percentile, type Report } from "../report.ts";

const CALLS = 300;
const WARM_UP = 30;
const MEMORIES = 10_000;

const doesNothing: LanguageModelV4Middleware = {
  specificationVersion: "v4",
  transformParams: async ({ params }) => await Promise.resolve(params),
  wrapStream: async ({ doStream }) => await doStream(),
};

/**
 * What memory adds to the time until the first word of an answer: to that of a model that answers at
 * once, with a middleware that does nothing beside it, call by call.
 */
export async function benchAiSdkLatency(report: Report): Promise<void> {
  await withDirectory(async (directory) => {
    const os = await openAt(join(directory, "memory.db"));
    const cube = await os.as({ userId: "filled" }).cube("user:filled");
    const corpus = makeCorpus(MEMORIES);
    await cube.add(corpus.map(({ text }) => text));
    await cube.search("warm");
    const memory = wrapped(memcubeMiddleware({ os }));
    const nothing = wrapped(doesNothing);
    const times = { nothing: [] as number[], empty: [] as number[], filled: [] as number[] };
    const prepare: number[] = [];
    for (let call = 0; call < CALLS + WARM_UP; call++) {
      const text = corpus[(call * 37) % MEMORIES]?.text ?? "";
      const ids = { userId: `new-${call}` };
      const round = {
        nothing: await firstWordMs(nothing, text, ids),
        empty: await firstWordMs(memory, text, ids),
        filled: await firstWordMs(memory, text, { userId: "filled", save: false }),
      };
      const began = performance.now();
      await os.as({ userId: "filled" }).prepare({ messages: text });
      const planned = performance.now() - began;
      if (call < WARM_UP) continue;
      for (const name of ["nothing", "empty", "filled"] as const) times[name].push(round[name]);
      prepare.push(planned);
    }
    const base = percentile(times.nothing, 0.5);
    const line = (subject: string, metric: string, value: number) =>
      report({ case: "ai-sdk-latency", subject, metric, value, unit: "ms" });
    line("no-op middleware", "first_word_p50", base);
    for (const [name, values] of [
      ["empty cube", times.empty],
      [`${MEMORIES} memories`, times.filled],
    ] as const) {
      line(`memcube, ${name}`, "first_word_added_p50", percentile(values, 0.5) - base);
      const late = percentile(values, 0.95) - percentile(times.nothing, 0.95);
      line(`memcube, ${name}`, "first_word_added_p95", late);
    }
    line(`prepare, ${MEMORIES} memories`, "prepare_p50", percentile(prepare, 0.5));
    await os.close();
  });
}

function wrapped(middleware: LanguageModelV4Middleware): LanguageModelV4 {
  const answer = streamed(["Well, ", "yes."]);
  const model = new MockLanguageModelV4({
    doStream: async () => await Promise.resolve({ stream: convertArrayToReadableStream(answer) }),
  });
  return wrapLanguageModel({ model, middleware });
}

async function firstWordMs(
  model: LanguageModelV4,
  text: string,
  memcube: { userId: string; save?: boolean },
): Promise<number> {
  const began = performance.now();
  const { stream } = await model.doStream({
    prompt: [{ role: "user", content: [{ type: "text", text }] }],
    providerOptions: { memcube },
  });
  let ms = 0;
  for await (const { type } of stream) if (type === "text-delta") ms ||= performance.now() - began;
  return ms;
}
