import { memcubeMiddleware } from "@memcube/ai-sdk";
import type { LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { streamText, wrapLanguageModel } from "ai";
import { MockLanguageModelV4 } from "ai/test";

import { DISCONNECT_MODES } from "../../ai-sdk/disconnect-modes.ts";
import { emptyOS, eventually, turnsOf } from "../../ai-sdk/remembered.ts";
import { pulledSource, streamed } from "../../ai-sdk/scripted-model.ts";
import type { Report } from "../report.ts";

const PIECES = 3_000;
const deltas = Array.from({ length: PIECES }, (_, index) => `word${index} `);
const WHOLE = deltas.join("");

/** How much of an answer is kept when its reader goes away. */
export async function benchAiSdkDisconnect(report: Report): Promise<void> {
  for (const [mode, go] of Object.entries(DISCONNECT_MODES)) {
    const os = emptyOS();
    const { stream } = pulledSource(
      streamed(deltas),
      async () => await new Promise<void>((resolve) => setImmediate(resolve)),
    );
    const model = wrapLanguageModel({
      model: new MockLanguageModelV4({ doStream: { stream } }),
      middleware: memcubeMiddleware({ os }),
    });
    await go(streamText({ model, prompt: "tell me" }));
    const [, answer = ""] = await eventually(
      async () => await turnsOf(os),
      (turns) => turns.length > 1,
    );
    const kept = answer === `assistant: ${WHOLE}` ? PIECES : answer.split(" ").length - 1;
    report({
      case: "ai-sdk-disconnect",
      subject: mode,
      metric: `kept_of_${PIECES}_pieces`,
      value: kept,
      unit: "pieces",
    });
    await os.close();
  }
}

const STREAMS = 100;

/** Heap that open streams take, beside those of the bare model. */
export async function benchAiSdkMemory(report: Report): Promise<void> {
  const line = (subject: string, value: number) =>
    report({
      case: "ai-sdk-memory",
      subject,
      metric: "heap_per_open_stream",
      value,
      unit: "KiB",
    });
  line("bare model, being read", await heapPerStream(deltas.length / 2, false));
  line("memcube, being read", await heapPerStream(deltas.length / 2, true));
  line(`memcube, ${PIECES} pieces waiting`, await heapPerStream(3, true));
}

/** Opens streams, reads some parts of each, lets the rest wait, and looks at the heap. */
async function heapPerStream(read: number, memory: boolean): Promise<number> {
  const os = emptyOS();
  const readers: ReadableStreamDefaultReader<LanguageModelV4StreamPart>[] = [];
  const before = heapKiB();
  for (let index = 0; index < STREAMS; index++) {
    const { stream } = pulledSource(streamed(deltas));
    const model = new MockLanguageModelV4({ doStream: { stream } });
    const asked = wrapLanguageModel({
      model,
      middleware: memory ? memcubeMiddleware({ os }) : [],
    });
    const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "go" }] }];
    const providerOptions = { memcube: { userId: `user-${index}`, save: true } };
    const reader = (await asked.doStream({ prompt, providerOptions })).stream.getReader();
    for (let part = 0; part < read; part++) await reader.read();
    readers.push(reader);
  }
  // Half-read streams are looked at while they are being read; the others once all waits for them.
  if (read < 10) await new Promise((resolve) => setTimeout(resolve, 3_000));
  const kib = (heapKiB() - before) / STREAMS;
  await Promise.all(readers.map(async (reader) => await reader.cancel()));
  await os.close();
  return kib;
}

function heapKiB(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1_024;
}
