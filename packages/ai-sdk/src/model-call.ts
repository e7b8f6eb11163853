import {
  refusalOf,
  tell,
  within,
  type HandedOver,
  type InjectionPlan,
  type MemSession,
  type ResolvedScope,
} from "@memcube/core";
import type { LanguageModelV4CallOptions, LanguageModelV4Prompt } from "@ai-sdk/provider";

import type { Ended } from "./capture-stream.ts";
import { PROVIDER } from "./engine-models.ts";
import { asked, digestOf, turnsOf, type Answer } from "./from-ai-sdk.ts";
import {
  parseRequest,
  scopeOf,
  takeRequest,
  type FailedPart,
  type ModelRequest,
  type ParsedOptions,
  type RequestOptions,
} from "./options.ts";
import { notePending, pendingSaves } from "./pending-saves.ts";
import { emit } from "./telemetry.ts";
import { changesNothing, placed, withCacheKey, withEngineRequest } from "./to-ai-sdk.ts";

/** One call of a model, as memory sees it. */
export interface ModelCall {
  readonly scope: ResolvedScope;
  readonly session: MemSession;
  readonly request: RequestOptions;
  /** As the application gave it: what memory added is not in it. */
  readonly prompt: LanguageModelV4Prompt;
  /** `undefined` when nothing was added. */
  readonly plan: InjectionPlan | undefined;
}

/** Parameters for the model, and the call they belong to unless memory has nothing to do with it. */
export interface BegunCall {
  readonly params: LanguageModelV4CallOptions;
  readonly call?: ModelCall;
}

/** Looks memory up and places it. Parameters that nothing is added to are handed on as they are. */
export async function beginCall(
  options: ParsedOptions,
  given: LanguageModelV4CallOptions,
  model: Pick<ModelRequest, "provider" | "modelId">,
): Promise<BegunCall> {
  const { request: said, params } = takeRequest(given);
  const { prompt } = params;
  if (asked(prompt) === undefined) return { params };
  let session: MemSession;
  let scope: ResolvedScope;
  let request: RequestOptions;
  try {
    request = parseRequest(said);
    if (!request.recall && !request.save) return { params };
    const { provider, modelId } = model;
    const { headers, providerOptions } = given;
    scope = await scopeOf(options, request, { headers, providerOptions, provider, modelId });
    session = options.os.as(scope.caller);
  } catch (error) {
    // Whose memory it is, is not known: then it is nobody's.
    fail(options, "scope", error);
    return { params };
  }
  const call = { scope, session, request, prompt };
  const engine = model.provider === PROVIDER ? model.modelId : undefined;
  const recalled = request.recall ? await recall(options, call, params, engine) : undefined;
  const { plan, handed } = recalled ?? {};
  if (plan === undefined || changesNothing(plan, prompt, handed))
    return { params, call: { ...call, plan: undefined } };
  const next = withEngineRequest({ ...params, prompt: placed(prompt, plan) }, handed ?? {});
  return {
    params: options.promptCacheKey ? withCacheKey(next, model.provider, scope) : next,
    call: { ...call, plan },
  };
}

interface Recalled {
  readonly plan: InjectionPlan;
  /** What the plan says to an engine. */
  readonly handed: HandedOver["request"];
}

/** The plan for this call; `undefined` when memory fails or takes too long. */
async function recall(
  options: ParsedOptions,
  { scope, session, prompt }: Pick<ModelCall, "scope" | "session" | "prompt">,
  { abortSignal: signal }: LanguageModelV4CallOptions,
  model: string | undefined,
): Promise<Recalled | undefined> {
  const { os, budgetTokens, historyTokens, recallTimeoutMs } = options;
  const { cube, sessionId, task } = scope;
  const key = pendingKey(session, scope);
  const began = performance.now();
  const look = async () => {
    await pendingSaves(os, key.text);
    return await session.prepare({
      // Every step of a tool loop asks the same and gets the same, unless its history is cut.
      messages: historyTokens === undefined ? asked(prompt) : prompt,
      ...(cube === undefined ? {} : { cubes: [cube] }),
      ...(sessionId === undefined ? {} : { sessionId }),
      ...(model === undefined ? {} : { model }),
      ...(task === undefined ? {} : { task }),
      ...(budgetTokens === undefined ? {} : { budgetTokens }),
      ...(historyTokens === undefined ? {} : { historyTokens }),
      ...(signal === undefined ? {} : { signal }),
    });
  };
  try {
    const plan = await within(recallTimeoutMs, look(), "memory");
    const ms = performance.now() - began;
    const tokens = plan.tokens.stable + plan.tokens.volatile;
    emit("memcube:ai-sdk:recall", { ...key.cube, hits: plan.hits.length, tokens, ms });
    const { request: handed } = await plan.handOver(signal === undefined ? {} : { signal });
    return { plan, handed };
  } catch (error) {
    // A call that was aborted says so itself.
    if (signal?.aborted !== true) fail(options, "recall", error);
    return undefined;
  }
}

/**
 * Keeps what was said. Resolves to the ids of the memories, to `undefined` when nothing was kept; never
 * rejects.
 */
export async function save(
  options: ParsedOptions,
  call: ModelCall,
  answer: Answer,
  ended: Exclude<Ended, "dropped">,
): Promise<readonly string[] | undefined> {
  const key = pendingKey(call.session, call.scope);
  const saving = absorbed(options, call, answer, ended, key.cube);
  notePending(options.os, key.text, saving);
  return await saving;
}

async function absorbed(
  options: ParsedOptions,
  { scope, session, request, prompt, plan }: ModelCall,
  answer: Answer,
  ended: Exclude<Ended, "dropped">,
  place: Place["cube"],
): Promise<readonly string[] | undefined> {
  const { cube, sessionId } = scope;
  const began = performance.now();
  try {
    const { messageId } = request;
    const { keepTools } = options;
    const turns = turnsOf({ prompt, answer, sessionId, messageId });
    if (turns.length === 0) return undefined;
    const { ids, added, rejected } = await session.absorb({
      turns,
      keepTools,
      ...(cube === undefined ? {} : { cube }),
      ...(sessionId === undefined ? {} : { sessionId }),
    });
    const refusal = refusalOf(rejected);
    if (refusal !== undefined) fail(options, "save", refusal);
    await plan?.report({ used: true });
    const ms = performance.now() - began;
    emit("memcube:ai-sdk:save", { ...place, added, ended, ms });
    return ids;
  } catch (error) {
    fail(options, "save", error);
    return undefined;
  }
}

/** Names a question of one user: the same for the same conversation, asked again. */
export function questionOf({ session, scope, prompt }: ModelCall): string {
  return JSON.stringify([pendingKey(session, scope).text, digestOf(prompt)]);
}

interface Place {
  readonly text: string;
  readonly cube: { readonly tenantId: string; readonly cubeId: string };
}

/** The cube that a call reads and writes. */
function pendingKey({ caller }: MemSession, { cube }: ResolvedScope): Place {
  const place = { tenantId: caller.tenantId, cubeId: cube ?? `user:${caller.userId}` };
  return { text: JSON.stringify([place.tenantId, place.cubeId]), cube: place };
}

/** Tells of a failure; what the telling itself raises is nobody's concern but the listener's. */
export function fail({ onError }: ParsedOptions, part: FailedPart, error: unknown): void {
  emit("memcube:ai-sdk:error", { part, error });
  tell(onError, [error, part], (raised) => emit("memcube:ai-sdk:error", { part, error: raised }));
}
