import { z } from "zod";

import { isMemCubeError } from "../../errors.ts";
import {
  refKey,
  refOf,
  type Caller,
  type InjectionPlan,
  type PlanOutcome,
  type Retrieval,
} from "../../flow/index.ts";
import { LIMITS } from "../../limits.ts";
import { LIVE_STATES, type Memory } from "../../memory/index.ts";
import { toMemory } from "../../infrastructure/vault/index.ts";
import {
  planHistory,
  planInjection,
  SUMMARY_HEADING,
  type HistoryPlan,
} from "../../operation/scheduler/index.ts";
import type { Engine } from "../../ports/index.ts";
import { estimateTokens } from "../../text/index.ts";
import { readFast, sentencesOf, viewMessages } from "../reader/index.ts";
import type { ApiContext, OpenCube } from "./context.ts";
import { enter } from "./cube-access.ts";
import { idSchema, parseInput, searchOptionsSchema } from "./options.ts";
import { queryVector } from "./query-vectors.ts";
import { enterAndSearch, type ParsedSearchOptions } from "./search.ts";
import { type EnginePlan, planForEngine, readForEngine } from "./states/index.ts";
import { mergeHits } from "./view.ts";

const DEFAULT_BUDGET_TOKENS = 1_024;
/** Hits looked at per cube: more than any usual budget holds. */
const RECALLED = 40;
/** Standing memories looked at per cube. */
const STANDING = 100;
/** Characters of a message that serve as the query: a pasted document is not a question. */
const QUERY_CHARS = 4_000;
/** A longer sentence is cut before it may enter a summary. */
const SENTENCE_TOKENS = 60;

const prepareSchema = z.strictObject({
  cubes: z.array(idSchema).min(1).max(LIMITS.viewCubes).optional(),
  sessionId: idSchema.optional(),
  /** The conversation in any shape the reader knows; the last user message is what is asked. */
  messages: z.unknown(),
  /**
   * The model that the prompt goes to, by its name or SHA-256: KV states and LoRAs are chosen for it when
   * it is one of this memory OS's engines.
   */
  model: z.string().optional(),
  /** What is to be done, in a word: LoRAs that declare this task are used. Left out, the question decides. */
  task: z.string().min(1).max(LIMITS.idChars).optional(),
  /** Tokens for standing and recalled memories together. With 0 no memory is looked at. */
  budgetTokens: z.int().min(0).default(DEFAULT_BUDGET_TOKENS),
  /**
   * Tokens that the conversation may take: a longer one is cut to its latest messages and a summary of
   * the others, see `InjectionPlan.history`. Left out, it is not cut.
   */
  historyTokens: z.int().min(1).optional(),
  signal: z.instanceof(AbortSignal).optional(),
});

export type PrepareInput = z.input<typeof prepareSchema>;

/** Checks what an adapter gives; kept apart so that the cubes can be opened in between. */
export function parsePrepare(input: PrepareInput): z.output<typeof prepareSchema> {
  return parseInput(prepareSchema, input, "prepare");
}

/**
 * Plans what memory adds to a prompt: standing knowledge and what is recalled for the last user
 * message, within a token budget. What the prompt shows anyway is left out. Without cubes (a user
 * nobody knows yet) nothing is recalled.
 *
 * With `historyTokens` a long conversation is replaced by a summary of its first part and its latest
 * messages. What was left out is recalled like any other memory: absorb it before, or it is only in
 * the summary.
 */
export async function prepare(
  context: ApiContext,
  cubes: readonly OpenCube[],
  caller: Caller,
  input: z.output<typeof prepareSchema>,
): Promise<InjectionPlan> {
  const { tokenizer } = context;
  const countTokens = tokenizer && ((text: string) => tokenizer.count(text));
  const history = planMessages(input, countTokens);
  const { query, present } = readConversation(context, input.messages, history);
  const engine = input.model === undefined ? undefined : context.engines.get(input.model);
  const looked = input.budgetTokens === 0 ? [] : cubes;
  const [found, forEngine] = await Promise.all([
    recall(looked, query, input.signal),
    engine === undefined ? [] : Promise.all(looked.map((cube) => readForEngine(cube, engine))),
  ]);
  const recalled = mergeHits(found.map((each) => each.recalled));
  const plan = planInjection({
    standing: found.flatMap(({ standing }) => standing),
    recalled: recalled.filter(({ memory }) => !isPresent(memory, present, input.sessionId)),
    budgetTokens: input.budgetTokens,
    ...(history && { summary: history.summary }),
    ...(countTokens && { countTokens }),
  });
  const { reported, ...engines } = await enginePlan(context, engine, {
    caller,
    found: forEngine,
    question: query,
    task: input.task,
    stable: plan.stable,
    // A summary is made of the conversation: no state of it is kept.
    mayBeKept: (history?.summary ?? "") === "",
    standing: plan.standing,
  });
  return {
    stable: plan.stable,
    volatile: plan.volatile,
    hits: plan.hits,
    ...(history && { history: { keep: history.keep, tokens: history.tokens } }),
    tokens: plan.tokens,
    ...engines,
    report: async ({ used, engine: told }) => {
      if (used !== undefined) count(context, plan.injected, used);
      if (told !== undefined) reported(told);
      await Promise.resolve();
    },
  };
}

/** What the plan says to an engine; nothing, when the prompt goes to no engine of ours. */
async function enginePlan(
  context: ApiContext,
  engine: Engine | undefined,
  about: Omit<Parameters<typeof planForEngine>[1], "engine">,
): Promise<EnginePlan> {
  if (engine !== undefined) return await planForEngine(context, { ...about, engine });
  return {
    handOver: ({ signal } = {}) => {
      signal?.throwIfAborted();
      return Promise.resolve({ request: {}, left: [] });
    },
    reported: () => undefined,
  };
}

/** What each cube holds for the question, and what stands in it whatever is asked. */
async function recall(
  cubes: readonly OpenCube[],
  query: string,
  signal: AbortSignal | undefined,
): Promise<readonly { readonly recalled: Found; readonly standing: readonly Memory[] }[]> {
  const [first] = cubes;
  if (first === undefined) return [];
  const { context } = first;
  const vector = await queryVector(context, query, signal);
  const options = searchOptionsSchema.parse({ limit: RECALLED, ...(signal && { signal }) });
  return await Promise.all(cubes.map((cube) => recallFrom(cube, query, vector, options)));
}

/** Asks for the cube and for both in one tick; nothing of it is told unless the caller may read. */
async function recallFrom(
  cube: OpenCube,
  query: string,
  vector: Float32Array | undefined,
  options: ParsedSearchOptions,
): Promise<{ readonly recalled: Found; readonly standing: readonly Memory[] }> {
  const search = async (): Promise<Found> => {
    if (query !== "") return await enterAndSearch(cube, query, vector, options);
    await enter(cube, "memory.read");
    return NOTHING;
  };
  try {
    const [recalled, standing] = await Promise.all([search(), standingMemories(cube)]);
    return { recalled, standing };
  } catch (error) {
    // One's own cube was deleted: as if it had never been.
    const own = cube.ref.cubeId === `user:${cube.caller.userId}`;
    if (own && isMemCubeError(error, "MEMCUBE_CUBE_NOT_FOUND"))
      return { recalled: NOTHING, standing: [] };
    throw error;
  }
}

type Found = Pick<Retrieval, "hits" | "confidence">;
const NOTHING: Found = { hits: [], confidence: 0 };

/** Which messages stay; `undefined` when the conversation is not to be cut. */
function planMessages(
  { messages, historyTokens }: z.output<typeof prepareSchema>,
  countTokens: ((text: string) => number) | undefined,
): HistoryPlan | undefined {
  if (historyTokens === undefined || !Array.isArray(messages)) return undefined;
  return planHistory(viewMessages(messages, countTokens ?? estimateTokens), {
    historyTokens,
    heading: SUMMARY_HEADING,
    sentencesOf: (text) =>
      sentencesOf(text, { start: 0, end: text.length }, SENTENCE_TOKENS).map(({ start, end }) =>
        text.slice(start, end),
      ),
    ...(countTokens && { countTokens }),
  });
}

/** Counts injections, and uses of what the answer is said to have used. */
function count(
  { usage, clock }: ApiContext,
  injected: readonly Memory[],
  used: NonNullable<PlanOutcome["used"]>,
): void {
  const at = clock.now();
  const named = new Set(typeof used === "boolean" ? [] : used.map(refKey));
  usage.add(
    injected.map((memory) => {
      const { tenantId, cubeId, id } = memory.header;
      const uses = used === true || named.has(refKey(refOf(memory))) ? 1 : 0;
      return { cube: { tenantId, cubeId }, id, injections: 1, uses, at };
    }),
  );
}

/** The question and the texts that the prompt has anyway. */
function readConversation(
  { clock, ids }: ApiContext,
  messages: unknown,
  history: HistoryPlan | undefined,
): { query: string; present: ReadonlySet<string> } {
  const read = (input: unknown) =>
    readFast(input, { now: clock.now(), newId: () => ids.id() }).candidates.flatMap(({ payload }) =>
      payload.type === "turn" || payload.type === "text" ? [payload] : [],
    );
  const at = (places: readonly number[]) =>
    Array.isArray(messages) ? places.map((place): unknown => messages[place]) : [];
  const turns = read(history === undefined ? messages : at(history.keep));
  const quoted = history === undefined ? [] : read(at(history.summarised));
  const asked = turns.findLast((turn) => turn.type === "text" || turn.role === "user");
  return {
    query: (asked?.text ?? "").slice(0, QUERY_CHARS),
    present: new Set([...turns, ...quoted].map((turn) => turn.text)),
  };
}

/** A turn of this very session that the prompt shows already. */
function isPresent(
  { payload }: Memory,
  present: ReadonlySet<string>,
  sessionId: string | undefined,
): boolean {
  if (payload.type !== "turn" || !present.has(payload.text)) return false;
  return sessionId === undefined || payload.sessionId === sessionId;
}

/** Preferences: injected by kind, not by similarity to what is asked. */
async function standingMemories(cube: OpenCube): Promise<readonly Memory[]> {
  const { context, ref, principals } = cube;
  const page = await context.storage.vault.list(ref, {
    access: { principals },
    filter: { types: ["preference"], states: LIVE_STATES },
    now: context.clock.now(),
    order: "newest",
    limit: STANDING,
  });
  return page.items.map((stored) => toMemory(ref, stored)).reverse();
}
