import { inTime } from "@memcube/core";
import type {
  LanguageModelV4CallOptions,
  LanguageModelV4GenerateResult,
  LanguageModelV4Middleware,
  LanguageModelV4StreamResult,
} from "@ai-sdk/provider";

import { BrokenAnswers } from "./broken-answers.ts";
import { captureStream, type FinishPart } from "./capture-stream.ts";
import { answerOf, isFinished, type Answer } from "./from-ai-sdk.ts";
import { beginCall, fail, questionOf, save, type ModelCall } from "./model-call.ts";
import { parseOptions, type MemCubeMiddlewareOptions, type ParsedOptions } from "./options.ts";
import { toldByEngine, withReport } from "./to-ai-sdk.ts";

/**
 * Memory for any model of the AI SDK: `wrapLanguageModel({ model, middleware })`, or `wrapProvider`.
 * What is known is placed into the prompt; a finished answer is kept with what it answers, once,
 * however many steps its tools took. Where memory is empty, off or fails, the call is what it would be
 * without.
 *
 * @throws MemCubeError `MEMCUBE_INVALID_INPUT` for bad options; a call never throws for memory's sake
 */
export function memcubeMiddleware(options: MemCubeMiddlewareOptions): LanguageModelV4Middleware {
  const parsed = parseOptions(options);
  const calls = new WeakMap<LanguageModelV4CallOptions, ModelCall>();
  const broken = new BrokenAnswers();
  return {
    specificationVersion: "v4",
    async transformParams({ params, model }) {
      const { params: next, call } = await beginCall(parsed, params, model);
      if (call === undefined) return next;
      calls.set(next, call);
      if (broken.size > 0) broken.replace(questionOf(call));
      return next;
    },
    async wrapGenerate({ doGenerate, params }) {
      const call = calls.get(params);
      return call === undefined ? await doGenerate() : await generate(parsed, call, doGenerate);
    },
    async wrapStream({ doStream, params }) {
      const call = calls.get(params);
      return call === undefined
        ? await doStream()
        : await stream(parsed, { ...call, broken }, doStream);
    },
  };
}

async function generate(
  options: ParsedOptions,
  call: ModelCall,
  doGenerate: () => PromiseLike<LanguageModelV4GenerateResult>,
): Promise<LanguageModelV4GenerateResult> {
  const background = inBackground(options);
  try {
    const result = await doGenerate();
    void call.plan?.report({ engine: toldByEngine(result.providerMetadata) });
    const answer = answerOf(result.content);
    const finished = call.request.save && isFinished(answer, result.finishReason);
    const saving = finished ? background.run(save(options, call, answer, "finished")) : undefined;
    const saved = await inTime(options.saveTimeoutMs, saving);
    if (call.plan === undefined) return result;
    return { ...result, providerMetadata: withReport(result.providerMetadata, call.plan, saved) };
  } finally {
    background.end();
  }
}

async function stream(
  options: ParsedOptions,
  call: ModelCall & { readonly broken: BrokenAnswers },
  doStream: () => PromiseLike<LanguageModelV4StreamResult>,
): Promise<LanguageModelV4StreamResult> {
  const background = inBackground(options);
  const { plan, request } = call;
  let result: LanguageModelV4StreamResult;
  try {
    result = await doStream();
  } catch (error) {
    background.end();
    throw error;
  }
  const reported = async (
    finish: FinishPart,
    saving: Promise<readonly string[] | undefined> | undefined,
  ): Promise<FinishPart> => {
    const saved = await inTime(options.saveTimeoutMs, saving);
    if (plan === undefined) return finish;
    return { ...finish, providerMetadata: withReport(finish.providerMetadata, plan, saved) };
  };
  const source = captureStream(result.stream, {
    onCancel: options.onCancel,
    ended: (captured, how, finish) => {
      void plan?.report({ engine: toldByEngine(finish?.providerMetadata) });
      const { answer } = captured;
      const worth = how === "finished" ? captured.finished : answer.content.length > 0;
      const kept = request.save && worth && how !== "dropped";
      if (kept && how === "failed") {
        void background.run(keepBroken(options, call, answer));
      }
      const saving =
        kept && how !== "failed" ? background.run(save(options, call, answer, how)) : undefined;
      background.end();
      return {
        ...(finish && plan && { finish: reported(finish, saving) }),
        // Without a last word the SDK takes the wait for the model's, by its `chunkMs`.
        ...(finish && saving && { close: inTime(options.saveTimeoutMs, saving) }),
      };
    },
  });
  return { ...result, stream: source };
}

/** Keeps an answer that broke off, unless the same is asked again; at once when the OS is closed. */
async function keepBroken(
  options: ParsedOptions,
  call: ModelCall & { readonly broken: BrokenAnswers },
  answer: Answer,
): Promise<void> {
  const { broken } = call;
  const question = questionOf(call);
  const keeping = (async () => {
    if (await broken.stands(question)) await save(options, call, answer, "failed");
  })();
  const forget = options.os.beforeClose(async () => {
    broken.keep(question);
    await keeping;
  });
  await keeping;
  forget();
}

/** Work of a call that goes on behind it: `waitUntil` is told of it while the request is there. */
function inBackground(options: ParsedOptions): {
  readonly run: <T>(work: Promise<T>) => Promise<T>;
  /** No more work will come. */
  readonly end: () => void;
} {
  const { waitUntil } = options;
  if (waitUntil === undefined) return { run: (work) => work, end: () => undefined };
  const { promise, resolve } = Promise.withResolvers<unknown>();
  let last: Promise<unknown> | undefined;
  try {
    waitUntil(promise);
  } catch (error) {
    fail(options, "wait-until", error);
  }
  return {
    run: (work) => {
      last = work;
      return work;
    },
    end: () => resolve(last),
  };
}
