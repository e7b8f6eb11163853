import {
  inTime,
  refusalOf,
  tell,
  type HandedOver,
  type InjectionPlan,
  type MemSession,
  type ResolvedScope,
} from "@memcube/core";
import type { BaseMessage } from "@langchain/core/messages";

import { ChatMemCube } from "./chat-mem-cube.ts";
import { turnOf } from "./from-langchain.ts";
import { scopeOfRun, type FailedPart, type MiddlewareOptions, type RunTime } from "./options.ts";
import { emit } from "./telemetry.ts";

/** Whose memory a run works with. */
export interface Whose {
  readonly session: MemSession;
  readonly scope: ResolvedScope;
}

/** `undefined` when that can't be said: then it is nobody's. */
export async function whoseMemory(
  options: MiddlewareOptions,
  runtime: RunTime,
): Promise<Whose | undefined> {
  return await orFail(options, "scope", runtime, async () => {
    const scope = await scopeOfRun(options.scope, runtime);
    return { scope, session: options.os.as(scope.caller) };
  });
}

/** What memory adds to a prompt, and what it says to the engine that answers it. */
export interface Recalled {
  readonly plan: InjectionPlan;
  readonly handed: HandedOver["request"];
}

/** A call of a model, as far as memory looks at it. */
export interface ModelRequest {
  readonly messages: readonly BaseMessage[];
  /** SHA-256 of an engine's model; `undefined` for other models. */
  readonly model: string | undefined;
}

/** What `model` of {@link ModelRequest} is for a model of LangChain. */
export function engineModel(model: unknown): string | undefined {
  return model instanceof ChatMemCube ? model.modelSha256 : undefined;
}

/** What memory adds to a prompt; `undefined` when memory fails or takes too long. */
export async function recall(
  options: MiddlewareOptions,
  runtime: RunTime,
  { session, scope: { cube, sessionId, task } }: Whose,
  { messages, model }: ModelRequest,
): Promise<Recalled | undefined> {
  const { budgetTokens, historyTokens, recallTimeoutMs } = options;
  const timeout = AbortSignal.timeout(recallTimeoutMs);
  const { signal: aborted } = runtime;
  const signal = aborted === undefined ? timeout : AbortSignal.any([aborted, timeout]);
  return await orFail(options, "recall", runtime, async () => {
    const plan = await session.prepare({
      messages,
      signal,
      ...(cube === undefined ? {} : { cubes: [cube] }),
      ...(sessionId === undefined ? {} : { sessionId }),
      ...(model === undefined ? {} : { model }),
      ...(task === undefined ? {} : { task }),
      ...(budgetTokens === undefined ? {} : { budgetTokens }),
      ...(historyTokens === undefined ? {} : { historyTokens }),
    });
    const { before, after } = plan.history?.tokens ?? { before: 0, after: 0 };
    const tokens = plan.tokens.stable + plan.tokens.volatile;
    emit("memcube:langchain:recall", {
      hits: plan.hits.length,
      tokens,
      savedTokens: before - after,
    });
    const { request: handed } = await plan.handOver(
      aborted === undefined ? {} : { signal: aborted },
    );
    return { plan, handed };
  });
}

/**
 * Keeps what was said, see `toKeep`. Messages have ids, so what was kept before is not kept twice.
 *
 * @returns whether it is known to be kept; a save that takes longer than `saveTimeoutMs` goes on
 */
export async function keep(
  options: MiddlewareOptions,
  runtime: RunTime,
  { session, scope: { cube, sessionId } }: Whose,
  messages: readonly BaseMessage[],
): Promise<boolean> {
  const turns = messages.map(turnOf);
  if (turns.length === 0) return true;
  const { keepTools, saveTimeoutMs } = options;
  const saving = orFail(options, "save", runtime, async () => {
    const { rejected } = await session.absorb({
      turns,
      keepTools,
      ...(cube === undefined ? {} : { cube }),
      ...(sessionId === undefined ? {} : { sessionId }),
    });
    // Told once: it would be refused again.
    const refusal = refusalOf(rejected);
    if (refusal !== undefined) fail(options, "save", refusal);
    return true;
  });
  return (await inTime(saveTimeoutMs, saving)) ?? false;
}

/** Does the work; when it fails, tells of it and gives `undefined`. A run that was aborted stays so. */
async function orFail<T>(
  options: MiddlewareOptions,
  part: FailedPart,
  { signal }: RunTime,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (part !== "save") signal?.throwIfAborted();
    fail(options, part, error);
    return undefined;
  }
}

/** Tells of a failure; what the telling itself raises is nobody's concern but the listener's. */
function fail({ onError }: MiddlewareOptions, part: FailedPart, error: unknown): void {
  emit("memcube:langchain:error", { part, error });
  tell(onError, [error, part], (raised) =>
    emit("memcube:langchain:error", { part, error: raised }),
  );
}
