/**
 * With nothing in memory a wrapped model is the model: whatever it answers, the AI SDK gives the same
 * with memcube's middleware as with one that does nothing.
 */
import type {
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4Middleware,
  LanguageModelV4StreamPart,
} from "@ai-sdk/provider";
import {
  experimental_streamTextLowMemory as streamTextLowMemory,
  generateText,
  isStepCount,
  streamText,
  tool,
  wrapLanguageModel,
} from "ai";
import { convertArrayToReadableStream, MockLanguageModelV4 } from "ai/test";
import { memcubeMiddleware } from "@memcube/ai-sdk";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";

import { emptyOS } from "./remembered.ts";
import { says, STOP, streamed, TOOL_CALLS, usage } from "./scripted-model.ts";

globalThis.AI_SDK_LOG_WARNINGS = false;

const doesNothing: LanguageModelV4Middleware = {
  specificationVersion: "v4",
  transformParams: async ({ params }) => await Promise.resolve(params),
  wrapGenerate: async ({ doGenerate }) => await doGenerate(),
  wrapStream: async ({ doStream }) => await doStream(),
};

const remembers = () => memcubeMiddleware({ os: emptyOS() });

/** Everything of a value that a test of the SDK could see; functions and classes by name. */
function plain(value: unknown): unknown {
  const text = JSON.stringify(value, (_, inner: unknown) => {
    if (inner instanceof Error) return `${inner.name}: ${inner.message}`;
    if (inner instanceof Uint8Array) return [...inner];
    if (inner instanceof AbortSignal) return `signal ${String(inner.aborted)}`;
    if (inner === undefined) return "(undefined)";
    return typeof inner === "function" ? "(function)" : inner;
  });
  return text === undefined ? undefined : (JSON.parse(text) as unknown);
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Time and ids that two runs have in common. */
function counted() {
  let ids = 0;
  const generateId = () => `id-${(ids += 1)}`;
  return { _internal: { now: () => 0, generateId, generateCallId: () => "call" } };
}

const tools = {
  double: tool({
    inputSchema: z.object({ value: z.number() }),
    execute: ({ value }) => {
      if (value < 0) throw new RangeError("negative");
      return { doubled: value * 2 };
    },
  }),
};

const text = fc.string({ maxLength: 6 });
const metadata = fc.option(fc.record({ p: fc.record({ k: text }) }), { nil: undefined });
const finishReason: fc.Arbitrary<LanguageModelV4FinishReason> = fc.constantFrom<
  LanguageModelV4FinishReason[]
>(
  STOP,
  TOOL_CALLS,
  { unified: "length", raw: "max_tokens" },
  { unified: "content-filter", raw: undefined },
  { unified: "error", raw: "oops" },
  { unified: "other", raw: undefined },
);
const warning = fc.record({ type: fc.constant("other" as const), message: text });

const toolCall = fc.record({
  type: fc.constant("tool-call" as const),
  toolCallId: fc.constantFrom("a", "b", "c"),
  toolName: fc.constantFrom("double", "double", "unknown"),
  input: fc.constantFrom('{"value":2}', '{"value":-1}', '{"value":"x"}', "not json"),
});
const contentPart: fc.Arbitrary<LanguageModelV4Content> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant("text" as const), text, providerMetadata: metadata }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("reasoning" as const), text }) },
  { weight: 1, arbitrary: toolCall },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("file" as const),
      mediaType: fc.constant("image/png"),
      data: fc.constant({ type: "data" as const, data: "AAAA" }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("source" as const),
      sourceType: fc.constant("url" as const),
      id: text,
      url: fc.constant("https://example.org"),
    }),
  },
);

const generated = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      content: fc.array(contentPart, { maxLength: 5 }),
      finishReason,
      usage: fc.constant(usage),
      warnings: fc.array(warning, { maxLength: 2 }),
      providerMetadata: metadata,
      request: fc.option(fc.record({ body: text }), { nil: undefined }),
      response: fc.option(fc.record({ id: text, modelId: text }), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom("throws", "rejects") },
);
type Generated = typeof generated extends fc.Arbitrary<infer T> ? T : never;

const streamPart: fc.Arbitrary<readonly LanguageModelV4StreamPart[]> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom("1", "2"), fc.array(text, { maxLength: 4 }), metadata)
      .map(([id, deltas, providerMetadata]) => [
        { type: "text-start" as const, id },
        ...deltas.map((delta) => ({ type: "text-delta" as const, id, delta, providerMetadata })),
        { type: "text-end" as const, id },
      ]),
  },
  {
    weight: 1,
    arbitrary: text.map((delta) => [
      { type: "reasoning-start" as const, id: "r" },
      { type: "reasoning-delta" as const, id: "r", delta },
      { type: "reasoning-end" as const, id: "r" },
    ]),
  },
  { weight: 1, arbitrary: toolCall.map((call) => [call]) },
  { weight: 1, arbitrary: text.map((id) => [{ type: "response-metadata" as const, id }]) },
  { weight: 1, arbitrary: text.map((rawValue) => [{ type: "raw" as const, rawValue }]) },
  {
    weight: 1,
    arbitrary: text.map((word) => [{ type: "error" as const, error: new Error(word) }]),
  },
);

const answered = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      warnings: fc.array(warning, { maxLength: 2 }),
      parts: fc.array(streamPart, { maxLength: 6 }).map((groups) => groups.flat()),
      finish: fc.option(fc.record({ finishReason, providerMetadata: metadata }), {
        nil: undefined,
      }),
      /** After how many parts the connection breaks. */
      breaksAt: fc.option(fc.nat({ max: 12 }), { nil: undefined, freq: 4 }),
      request: fc.option(fc.record({ body: text }), { nil: undefined }),
      response: fc.option(fc.record({ headers: fc.record({ h: text }) }), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom("throws", "rejects") },
);
type Answered = typeof answered extends fc.Arbitrary<infer T> ? T : never;

/** A fresh model that answers as written; what it was asked comes with it. */
function scripted(generates: readonly Generated[], streams: readonly Answered[]) {
  let step = 0;
  const raised = (word: unknown): Promise<never> => {
    if (word === "throws") throw new Error("at once");
    return Promise.reject(new Error("later"));
  };
  const cancelled: unknown[] = [];
  const model = new MockLanguageModelV4({
    doGenerate: async () => {
      const answer = generates[step++ % generates.length];
      return typeof answer === "object" ? await Promise.resolve(answer) : await raised(answer);
    },
    doStream: async () => {
      const answer = streams[step++ % streams.length];
      if (typeof answer !== "object") return await raised(answer);
      const { warnings, parts, finish, breaksAt, request, response } = answer;
      const all: LanguageModelV4StreamPart[] = [
        { type: "stream-start", warnings },
        ...parts,
        ...(finish === undefined ? [] : [{ type: "finish" as const, usage, ...finish }]),
      ];
      let place = 0;
      const stream = new ReadableStream<LanguageModelV4StreamPart>({
        pull(controller) {
          const part = all[place];
          if (place === breaksAt) {
            controller.error(new DOMException("connection lost", "NetworkError"));
          } else if (part === undefined) controller.close();
          else controller.enqueue(part);
          place += 1;
        },
        cancel: (reason) => void cancelled.push(reason),
      });
      return { stream, request, response };
    },
  });
  return { model, cancelled };
}

/**
 * An error part and, in the same breath, a broken connection: which of the two a retry meets is a race
 * that one turn of the microtask queue decides.
 */
function breaksOnError(answer: Answered): boolean {
  if (typeof answer !== "object" || answer.breaksAt === undefined) return false;
  return answer.parts[answer.breaksAt - 2]?.type === "error";
}

type Run = (middleware: LanguageModelV4Middleware) => Promise<unknown>;

/** The same with memcube and without. */
async function expectSame(run: Run): Promise<void> {
  const [with_, without] = [await run(remembers()), await run(doesNothing)];
  expect(with_).toEqual(without);
}

async function outcome(read: () => Promise<unknown>): Promise<unknown> {
  try {
    return plain(await read());
  } catch (error) {
    return { threw: plain(error) };
  }
}

const runs = { numRuns: 100 * Number(process.env["MEMCUBE_MODEL_RUNS"] ?? 1) };

describe("an empty memory changes nothing of", () => {
  // Times of responses are part of what is compared.
  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date", "performance"], now: 0 }));
  afterEach(() => void vi.useRealTimers());

  it("generateText", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(generated, { minLength: 1, maxLength: 3 }), async (answers) => {
        await expectSame(async (middleware) => {
          const { model } = scripted(answers, []);
          const result = await outcome(async () => {
            const { steps, ...rest } = await generateText({
              model: wrapLanguageModel({ model, middleware }),
              instructions: "Be kind.",
              prompt: "hello",
              tools,
              stopWhen: isStepCount(3),
              maxRetries: 0,
              temperature: 0.5,
              headers: { a: "b" },
              providerOptions: { mock: { a: 1 } },
              ...counted(),
            });
            return [steps, rest];
          });
          return [result, plain(model.doGenerateCalls)];
        });
      }),
      runs,
    );
  });

  it.each([
    ["streamText", streamText],
    ["streamTextLowMemory", streamTextLowMemory as typeof streamText],
  ])("%s", async (_, run) => {
    const plans = fc.record({
      answers: fc.array(answered, { minLength: 1, maxLength: 3 }),
      /** After how many parts the reader goes away, or aborts. */
      leavesAt: fc.option(fc.nat({ max: 20 }), { nil: undefined, freq: 3 }),
      abortsAt: fc.option(fc.nat({ max: 20 }), { nil: undefined, freq: 4 }),
      streamRetries: fc.constantFrom(0, 0, 1),
      hurries: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(plans, async ({ answers, leavesAt, abortsAt, streamRetries, hurries }) => {
        fc.pre(streamRetries === 0 || !answers.some(breaksOnError));
        await expectSame(async (middleware) => {
          const abort = new AbortController();
          const { model, cancelled } = scripted([], answers);
          const told: unknown[] = [];
          const note = (name: string) => (event: unknown) => void told.push([name, plain(event)]);
          const result = run({
            model: wrapLanguageModel({ model, middleware }),
            prompt: "hello",
            tools,
            stopWhen: isStepCount(3),
            maxRetries: 0,
            streamRetries,
            include: { rawChunks: true },
            abortSignal: abort.signal,
            onError: note("error"),
            onAbort: note("abort"),
            onStepEnd: note("step"),
            onEnd: note("end"),
            ...counted(),
          });
          const heard = await outcome(async () => {
            const parts: unknown[] = [];
            const reader = result.stream.getReader();
            for (;;) {
              // Who leaves or aborts finds both models at the same place: nothing is under way.
              if (!hurries || (abortsAt ?? leavesAt) !== undefined) await settled();
              if (parts.length === abortsAt) abort.abort(new Error("enough"));
              if (parts.length === leavesAt) {
                await reader.cancel("left");
                return parts;
              }
              const { done, value } = await reader.read();
              if (done) return parts;
              parts.push(value);
            }
          });
          await settled();
          // An abort may meet a next step that has just begun, or not yet: recall takes its moment.
          const stopped = abortsAt === undefined ? plain(cancelled) : [];
          return [heard, told, plain(model.doStreamCalls), stopped];
        });
      }),
      runs,
    );
  });

  // As the SDK's own tests abort: out of the source, after its third part.
  it.each([0, 1, 2, 3])("an abort by the model itself, after %i parts", async (after) => {
    await expectSame(async (middleware) => {
      const abort = new AbortController();
      const parts = streamed(["Hello", ", ", "world"]);
      let place = 0;
      const stream = new ReadableStream<LanguageModelV4StreamPart>({
        pull(controller) {
          if (place === after) {
            abort.abort(new Error("stop"));
            controller.error(new DOMException("aborted", "AbortError"));
          } else controller.enqueue(parts[place]!);
          place += 1;
        },
      });
      const { stream: heard } = streamText({
        model: wrapLanguageModel({
          model: new MockLanguageModelV4({ doStream: { stream } }),
          middleware,
        }),
        prompt: "hello",
        abortSignal: abort.signal,
        onError: () => undefined,
        ...counted(),
      });
      const all: unknown[] = [];
      for await (const part of heard) all.push(part);
      return plain(all);
    });
  });

  it("the parameters: the model is given the very same object", async () => {
    const seen: LanguageModelV4CallOptions[] = [];
    const model = wrapLanguageModel({
      model: new MockLanguageModelV4({
        doGenerate: async (params) => {
          seen.push(params);
          return await Promise.resolve(says("ok"));
        },
      }),
      middleware: remembers(),
    });
    const params = Object.freeze({
      prompt: [{ role: "user" as const, content: [{ type: "text" as const, text: "hi" }] }],
      providerOptions: { mock: {} },
    });
    await model.doGenerate(params);
    expect(seen[0]).toBe(params);
  });

  it("the result: it is the model's own", async () => {
    const result = says("ok");
    const model = wrapLanguageModel({
      model: new MockLanguageModelV4({ doGenerate: result }),
      middleware: remembers(),
    });
    const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "hi" }] }];
    expect(await model.doGenerate({ prompt })).toBe(result);
    expect(result.providerMetadata).toBeUndefined();
  });

  it("a call that nobody asked anything in", async () => {
    const os = emptyOS();
    const as = vi.spyOn(os, "as");
    const stream = convertArrayToReadableStream(streamed(["x"]));
    const model = wrapLanguageModel({
      model: new MockLanguageModelV4({ doStream: { stream } }),
      middleware: memcubeMiddleware({ os }),
    });
    const result = await model.doStream({ prompt: [{ role: "system", content: "go" }] });
    expect(result.stream).toBe(stream);
    expect(as).not.toHaveBeenCalled();
  });

  it("what the model supports", async () => {
    const supportedUrls = { "image/*": [/^https:/] };
    const wrapped = wrapLanguageModel({
      model: new MockLanguageModelV4({ provider: "p", modelId: "m", supportedUrls }),
      middleware: remembers(),
    });
    expect(wrapped).toMatchObject({ provider: "p", modelId: "m" });
    expect(await wrapped.supportedUrls).toEqual(supportedUrls);
  });

  it("the pace of a reader, and the end of one that leaves a stream without end", async () => {
    const outcomes: unknown[] = [];
    for (const middleware of [remembers(), doesNothing]) {
      let emitted = 0;
      const cancel = vi.fn<(reason: unknown) => void>();
      const model = new MockLanguageModelV4({
        doStream: {
          stream: new ReadableStream<LanguageModelV4StreamPart>({
            start(controller) {
              controller.enqueue({ type: "text-start", id: "1" });
            },
            pull(controller) {
              emitted += 1;
              controller.enqueue({ type: "text-delta", id: "1", delta: "hello" });
            },
            cancel,
          }),
        },
      });
      const result = streamTextLowMemory({
        model: wrapLanguageModel({ model, middleware }),
        prompt: "hi",
      });
      const reader = result.textStream.getReader();
      await reader.read();
      await new Promise((resolve) => setTimeout(resolve, 10));
      const before = emitted;
      await reader.cancel();
      expect(before).toBeLessThan(30);
      outcomes.push([before, cancel.mock.calls.length]);
    }
    expect(outcomes[0]).toEqual(outcomes[1]);
  });
});
