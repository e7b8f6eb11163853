/**
 * The AI SDK's own tests run on fake timers: what it does in time, and at which time, is the same with an
 * empty memory as without one.
 */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  APICallError,
  type LanguageModelV4CallOptions,
  type LanguageModelV4Middleware,
  type LanguageModelV4StreamPart,
} from "@ai-sdk/provider";
import { generateText, isStepCount, smoothStream, streamText, tool, wrapLanguageModel } from "ai";
import { convertArrayToReadableStream, MockLanguageModelV4 } from "ai/test";
import { memcubeMiddleware } from "@memcube/ai-sdk";
import { open } from "memcube";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";

import { emptyOS } from "./remembered.ts";
import { says, streamed, TOOL_CALLS, usage } from "./scripted-model.ts";

type Options = Omit<Parameters<typeof streamText>[0], "model" | "prompt" | "messages">;

/** One model, and how it is asked. */
interface Case extends Options {
  readonly answer: (
    options: LanguageModelV4CallOptions,
    attempt: number,
  ) => Promise<readonly LanguageModelV4StreamPart[] | ReadableStream<LanguageModelV4StreamPart>>;
}

const doesNothing: LanguageModelV4Middleware = { specificationVersion: "v4" };
/** Where an empty memory lies. What waits for a disk to keep an answer is no test of this clock. */
const directory = mkdtempSync(join(tmpdir(), "memcube-timeouts-"));
const file = await open({ path: join(directory, "memory.db") });
const inRam = await open({ path: ":memory:" });
const PLACES: Readonly<Record<string, () => LanguageModelV4Middleware>> = {
  "in memory": () => memcubeMiddleware({ os: emptyOS() }),
  "in a file": () => memcubeMiddleware({ os: file, scope: somebodyNew(), saveTimeoutMs: 0 }),
  "in RAM": () => memcubeMiddleware({ os: inRam, scope: somebodyNew() }),
};
const somebodyNew = () => ({ caller: { userId: randomUUID() } });
afterAll(async () => {
  await file.close();
  await inRam.close();
  rmSync(directory, { recursive: true, force: true });
});

/** As long as a test's clock says, unless the call is aborted. */
async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });
}

const calling: LanguageModelV4StreamPart[] = [
  { type: "tool-call", toolCallId: "1", toolName: "slow", input: "{}" },
  { type: "finish", finishReason: TOOL_CALLS, usage },
];
const hello = streamed(["Hel", "lo, ", "you ", "there"]);
const busy = (wait: number) =>
  new APICallError({
    message: "busy",
    url: "https://example.org",
    requestBodyValues: {},
    statusCode: 429,
    responseHeaders: { "retry-after-ms": `${wait}` },
    isRetryable: true,
  });
const slow = tool({
  inputSchema: z.object({}),
  async *execute(_, { abortSignal }) {
    for (let step = 0; step < 4; step++) {
      await pause(40, abortSignal);
      yield step;
    }
  },
});
/** A part every 40 ms. */
const paced = (parts: readonly LanguageModelV4StreamPart[], signal?: AbortSignal) => {
  const left = [...parts];
  return new ReadableStream<LanguageModelV4StreamPart>({
    async pull(controller) {
      await pause(40, signal);
      const part = left.shift();
      if (part === undefined) controller.close();
      else controller.enqueue(part);
    },
  });
};
/** Says so much and then nothing, until it is aborted. */
const stuck = (parts: readonly LanguageModelV4StreamPart[], signal: AbortSignal | undefined) =>
  new ReadableStream<LanguageModelV4StreamPart>({
    start(controller) {
      for (const part of parts) controller.enqueue(part);
      signal?.addEventListener("abort", () => controller.error(signal.reason), { once: true });
    },
  });

const CASES: Readonly<Record<string, Case>> = {
  "an answer in time": {
    timeout: { stepMs: 50, chunkMs: 50, firstChunkMs: 50 },
    answer: async () => await Promise.resolve(hello),
  },
  "a model that does not begin": {
    timeout: { stepMs: 50 },
    answer: async ({ abortSignal }) => {
      await pause(200, abortSignal);
      return hello;
    },
  },
  "a stream without output": {
    timeout: { firstChunkMs: 50 },
    answer: async ({ abortSignal }) =>
      await Promise.resolve(stuck([{ type: "stream-start", warnings: [] }], abortSignal)),
  },
  "a stream that stops": {
    timeout: { chunkMs: 50 },
    answer: async ({ abortSignal }) => await Promise.resolve(stuck(hello.slice(0, 4), abortSignal)),
  },
  "a stream that just closes": {
    timeout: { chunkMs: 50, firstChunkMs: 50 },
    answer: async () => await Promise.resolve(hello.slice(0, -1)),
  },
  "a paced stream": {
    timeout: { chunkMs: 50 },
    answer: async ({ abortSignal }) => await Promise.resolve(paced(hello, abortSignal)),
  },
  "a paced stream that takes too long": {
    timeout: { stepMs: 150 },
    answer: async ({ abortSignal }) => await Promise.resolve(paced(hello, abortSignal)),
  },
  "a smoothed stream": {
    experimental_transform: smoothStream({ delayInMs: 30 }),
    answer: async () => await Promise.resolve(hello),
  },
  "a tool that takes longer than a chunk may": {
    tools: { slow },
    stopWhen: isStepCount(2),
    timeout: { chunkMs: 50, firstChunkMs: 50 },
    answer: async (_, attempt) => await Promise.resolve(attempt === 1 ? calling : hello),
  },
  "a tool that takes longer than a step may": {
    tools: { slow },
    stopWhen: isStepCount(2),
    timeout: { stepMs: 100 },
    answer: async (_, attempt) => await Promise.resolve(attempt === 1 ? calling : hello),
  },
  "a request tried again": {
    maxRetries: 1,
    timeout: { stepMs: 500, firstChunkMs: 50 },
    answer: async ({ abortSignal }, attempt) => {
      await pause(40, abortSignal);
      if (attempt === 1) throw busy(100);
      return hello;
    },
  },
  "a stream tried again": {
    maxRetries: 1,
    streamRetries: 1,
    timeout: { chunkMs: 50 },
    answer: async ({ abortSignal }, attempt) => {
      await pause(40, abortSignal);
      return attempt === 1 ? [...hello.slice(0, 3), { type: "error", error: busy(100) }] : hello;
    },
  },
  "slow listeners": {
    timeout: { chunkMs: 50, firstChunkMs: 50 },
    onStepEnd: async () => {
      await pause(100);
    },
    answer: async () => await Promise.resolve(hello),
  },
};

/** What a reader and what the model is told, each in its order, and at what time of the test's clock. */
async function told(middleware: LanguageModelV4Middleware, { answer, ...options }: Case) {
  vi.useFakeTimers({ now: 0 });
  const heard: unknown[] = [];
  const asked: unknown[] = [];
  const note = (list: unknown[], ...event: readonly unknown[]) => list.push([Date.now(), ...event]);
  let attempts = 0;
  const model = new MockLanguageModelV4({
    doStream: async (given) => {
      note(asked, "asked", given.abortSignal?.aborted);
      given.abortSignal?.addEventListener("abort", () =>
        note(asked, "aborted", String(given.abortSignal?.reason)),
      );
      const parts = await answer(given, (attempts += 1));
      return { stream: Array.isArray(parts) ? convertArrayToReadableStream(parts) : parts } as {
        stream: ReadableStream<LanguageModelV4StreamPart>;
      };
    },
  });
  const result = streamText({
    model: wrapLanguageModel({ model, middleware }),
    prompt: "hello",
    maxRetries: 0,
    onError: ({ error }) => void note(heard, "error", String(error)),
    ...options,
  });
  const reading = (async () => {
    for await (const part of result.stream)
      note(heard, part.type, "text" in part ? part.text : undefined);
    note(heard, "over");
  })();
  for (let step = 0; step < 50; step++) await vi.advanceTimersByTimeAsync(10);
  note(heard, "waited for long enough");
  await reading;
  return { heard, asked };
}

describe.each(Object.entries(PLACES))(
  "with an empty memory %s as without one",
  (_place, remembers) => {
    afterEach(() => void vi.useRealTimers());

    it.each(Object.entries(CASES))("%s", async (_, given) => {
      const [with_, without] = [await told(remembers(), given), await told(doesNothing, given)];
      expect(with_).toEqual(without);
      expect(without.heard.length).toBeGreaterThan(3);
    });

    describe("generateText", () => {
      beforeEach(() => void vi.useFakeTimers({ now: 0 }));

      it.each([
        ["fails when all its tries take too long", 60],
        ["answers when they do not", 500],
      ])("%s", async (_, stepMs) => {
        const outcomes: unknown[] = [];
        for (const middleware of [remembers(), doesNothing]) {
          const began = Date.now();
          let attempts = 0;
          const model = new MockLanguageModelV4({
            doGenerate: async ({ abortSignal }) => {
              await pause(40, abortSignal);
              if ((attempts += 1) === 1) throw busy(0);
              return says("hello");
            },
          });
          const asked = generateText({
            model: wrapLanguageModel({ model, middleware }),
            prompt: "hello",
            maxRetries: 1,
            timeout: { stepMs },
          }).then(
            ({ text }) => text,
            (error: unknown) => String(error),
          );
          const ended = asked.then((text) => [text, attempts, Date.now() - began]);
          for (let step = 0; step < 20; step++) await vi.advanceTimersByTimeAsync(10);
          outcomes.push(await ended);
        }
        expect(outcomes[0]).toEqual(outcomes[1]);
      });
    });
  },
);
