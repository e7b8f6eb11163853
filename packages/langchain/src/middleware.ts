import { randomUUID } from "node:crypto";

import type { BaseMessage } from "@langchain/core/messages";
import { createMiddleware } from "langchain";
import { z } from "zod";

import {
  engineModel,
  keep,
  recall,
  whoseMemory,
  type ModelRequest,
  type Recalled,
  type Whose,
} from "./agent-run.ts";
import { lastHuman, toKeep } from "./from-langchain.ts";
import {
  contextSchema,
  parseMiddlewareOptions,
  type MemCubeMiddlewareOptions,
  type MiddlewareOptions,
  type RunTime,
} from "./options.ts";
import { placed, toldByEngine, withEngineRequest } from "./to-langchain.ts";
import { memcubeTools } from "./tools.ts";

/** Private state of an agent: ids only, no text of any memory. */
const stateSchema = z.object({
  _memcube: z
    .object({
      /** Names the run, for its plan in this process. */
      run: z.string(),
      /** Id of the last message that was kept; "" for a thread of which none was. */
      lastKept: z.string(),
    })
    .optional(),
});

/** Runs whose plans are at hand; one that is not (it went on in another process) is planned again. */
const PLANS = 1_000;

interface PlannedRun {
  readonly whose: Whose;
  /** What was said in it so far: a summary may take its place in the thread. */
  said: readonly BaseMessage[];
  /** The call it was planned for; left out before there is one. */
  readonly call?: ModelRequest;
  /** Left out when memory failed: the run goes on without. */
  readonly recalled?: Recalled | undefined;
}

/**
 * Memory for `createAgent({ middleware: [memcubeMiddleware({ os })] })`. What is known is placed into the
 * prompt of every model call and never into the thread; what was said is kept when the run ends, also
 * when it ends in an error or is aborted, and once however often it is resumed. Where memory is empty or
 * fails, the agent does what it would do without.
 *
 * @throws MemCubeError `MEMCUBE_INVALID_INPUT` for bad options; a run never throws for memory's sake
 */
export function memcubeMiddleware(options: MemCubeMiddlewareOptions) {
  const parsed = parseMiddlewareOptions(options);
  const { os, scope, name } = parsed;
  const plans = new Map<string, PlannedRun>();
  const isCut = parsed.historyTokens !== undefined;
  const note = (run: string, planned: PlannedRun) => {
    plans.set(run, planned);
    const oldest = plans.keys().next().value;
    if (plans.size > PLANS && oldest !== undefined) plans.delete(oldest);
    return planned;
  };
  /** Whether a plan is one for this call: for its model, and its messages where a history is cut. */
  const fits = ({ call, recalled }: PlannedRun, { messages, model }: ModelRequest) =>
    call !== undefined &&
    (recalled === undefined ||
      (call.model === model && (!isCut || isSame(call.messages, messages))));

  return createMiddleware({
    name,
    contextSchema,
    stateSchema,
    tools:
      parsed.tools === false
        ? []
        : memcubeTools({
            os,
            ...(scope === undefined ? {} : { scope }),
            ...(parsed.tools === true ? {} : { only: parsed.tools }),
          }),

    beforeAgent: async ({ messages, _memcube }, runtime) => {
      const whose = await whoseMemory(parsed, runtime);
      const run = randomUUID();
      if (whose === undefined) {
        // The state names the thread's last run, and its plan may be somebody's.
        return _memcube && { _memcube: { ..._memcube, run } };
      }
      const lastKept = await keepEarlier(parsed, runtime, whose, messages, _memcube?.lastKept);
      note(run, { whose, said: toKeep(messages, lastKept, []) });
      return { _memcube: { run, lastKept } };
    },

    wrapModelCall: async (request, handler) => {
      const { runtime, messages } = request;
      const call = { messages, model: engineModel(request.model) };
      const { messages: thread, _memcube } = request.state;
      let planned = _memcube && plans.get(_memcube.run);
      if (_memcube !== undefined && !(planned && fits(planned, call))) {
        // A run that went on in another process begins here.
        const whose = planned?.whose ?? (await whoseMemory(parsed, runtime));
        if (whose !== undefined) {
          const recalled = await recall(parsed, runtime, whose, call);
          // Without a history to cut, nobody asks again which messages it was planned for.
          const kept = isCut ? call : { ...call, messages: [] };
          const said = planned?.said ?? [];
          planned = note(_memcube.run, { whose, said, call: kept, recalled });
        }
      }
      const said = toKeep(thread, _memcube?.lastKept, planned?.said ?? []);
      if (planned !== undefined) planned.said = said;
      const { plan, handed } = planned?.recalled ?? {};
      try {
        if (plan === undefined) return await handler(request);
        const answer = await handler(withEngineRequest(placed(request, plan), handed ?? {}));
        void plan.report({ engine: toldByEngine(answer) });
        return answer;
      } catch (error) {
        if (!isInterrupt(error)) await keepFailed(parsed, runtime, said);
        throw error;
      }
    },

    afterAgent: async ({ messages, _memcube }, runtime) => {
      const whose = await whoseMemory(parsed, runtime);
      if (whose === undefined) return undefined;
      const run = _memcube?.run ?? "";
      const said = toKeep(messages, _memcube?.lastKept, plans.get(run)?.said ?? []);
      const kept = await keep(parsed, runtime, whose, said);
      await plans.get(run)?.recalled?.plan.report({ used: true });
      plans.delete(run);
      const lastKept = messages.at(-1)?.id;
      return kept && lastKept !== undefined ? { _memcube: { run, lastKept } } : undefined;
    },
  });
}

/**
 * Keeps what an earlier run of this thread could not: one that was interrupted and never resumed, or that
 * failed. A thread that memory meets for the first time is kept from here on.
 *
 * @returns id of the last message that is kept
 */
async function keepEarlier(
  options: MiddlewareOptions,
  runtime: RunTime,
  whose: Whose,
  messages: readonly BaseMessage[],
  lastKept: string | undefined,
): Promise<string> {
  const earlier = messages.slice(0, lastHuman(messages));
  const last = earlier.at(-1)?.id ?? "";
  const isGone = lastKept !== "" && !earlier.some(({ id }) => id === lastKept);
  if (lastKept === undefined || isGone || lastKept === last) return last;
  const said = toKeep(earlier, lastKept, []);
  return (await keep(options, runtime, whose, said)) ? last : lastKept;
}

/** What was asked is worth keeping although no answer came. */
async function keepFailed(
  options: MiddlewareOptions,
  runtime: RunTime,
  said: readonly BaseMessage[],
): Promise<void> {
  const whose = await whoseMemory(options, { ...runtime, signal: undefined });
  if (whose !== undefined) await keep(options, runtime, whose, said);
}

function isSame(one: readonly BaseMessage[] | undefined, other: readonly BaseMessage[]): boolean {
  if (one?.length !== other.length) return false;
  return other.every((message, at) => {
    const before = one[at];
    return before === message || (message.id !== undefined && before?.id === message.id);
  });
}

/** LangGraph's way to stop a run until a person has decided: nothing failed. */
function isInterrupt(error: unknown): boolean {
  return (error as { readonly is_bubble_up?: unknown } | undefined)?.is_bubble_up === true;
}
