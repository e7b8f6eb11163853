import { tell, type InjectionPlan, type MemOS } from "@memcube/core";
import type { MessageList } from "@mastra/core/agent";
import type { MastraDBMessage, MemoryConfigInternal } from "@mastra/core/memory";
import type {
  ProcessInputArgs,
  ProcessInputStepArgs,
  ProcessInputStepResult,
  ProcessLLMRequestArgs,
  ProcessLLMRequestResult,
  ProcessOutputResultArgs,
  Processor,
} from "@mastra/core/processors";

import { agentRunOf, type AgentRun } from "./agent-run.ts";
import { textOf } from "./from-mastra.ts";
import {
  scopeOf,
  type FailedPart,
  type ParsedMemoryOptions,
  type ParsedStorageOptions,
} from "./options.ts";
import type { MemCubeMemoryStorage } from "./storage.ts";
import { emit } from "./telemetry.ts";
import { engineModel, toldByEngine, withEngineRequest, withVolatile } from "./to-mastra.ts";

const ID = "memcube";
/** What marks memory's system messages among those of others. */
const TAGS = { stable: "memcube-stable", volatile: "memcube-volatile", working: "memcube-working" };

export interface ProcessorParts extends ParsedMemoryOptions, Pick<ParsedStorageOptions, "scope"> {
  readonly os: MemOS;
  readonly storage: MemCubeMemoryStorage;
  /** The memory's own options under those of a call. */
  readonly merged: (config: MemoryConfigInternal | undefined) => MemoryConfigInternal;
}

/** What a run was planned with. */
interface PlannedRun {
  readonly plan: InjectionPlan;
  /** The same for an engine of ours, which is known with the first step only. */
  readonly planFor: (model: string) => Promise<InjectionPlan | undefined>;
  readonly forEngine: Map<string, Promise<InjectionPlan | undefined>>;
}

/**
 * What an agent's run does with memory: before it the thread's last messages and what is known are
 * added, behind it what was said is saved, also when the run broke off.
 */
export class MemoryProcessor implements Processor<typeof ID> {
  readonly id = ID;
  readonly name = ID;
  readonly #parts: ProcessorParts;
  readonly #plans = new WeakMap<MessageList, PlannedRun>();

  constructor(parts: ProcessorParts) {
    this.#parts = parts;
  }

  async processInput({
    messageList,
    requestContext,
    abortSignal,
  }: ProcessInputArgs): Promise<MessageList> {
    const run = agentRunOf(requestContext, this.#parts.merged);
    if (run === undefined) return messageList;
    // A thread that can't be shown is no thread to go on with: this fails the run.
    const thread = await this.#lastMessages(run, messageList);
    const messages = [...thread, ...messageList.get.input.db()];
    const plan = await this.#orFail("recall", abortSignal, async () =>
      this.#plan(run, messages, abortSignal),
    );
    const kept = new Set(plan?.history?.keep ?? messages.keys());
    for (const [place, message] of thread.entries()) {
      if (kept.has(place)) messageList.add(message, "memory");
    }
    await this.#addWorkingMemory(run, messageList);
    if (plan === undefined) return messageList;
    tellRecalled(plan);
    const planFor = (model: string) =>
      this.#orFail("recall", abortSignal, async () =>
        this.#plan(run, messages, abortSignal, model),
      );
    this.#plans.set(messageList, { plan, planFor, forEngine: new Map() });
    if (plan.stable !== "") messageList.addSystem(plan.stable, TAGS.stable);
    if (plan.volatile !== "") messageList.addSystem(plan.volatile, TAGS.volatile);
    return messageList;
  }

  /** A step that an engine of ours answers is asked with what the plan says to it. */
  async processInputStep({
    messageList,
    model,
    providerOptions,
    abortSignal: signal,
  }: ProcessInputStepArgs): Promise<ProcessInputStepResult | undefined> {
    const planned = this.#plans.get(messageList);
    const named = engineModel(model);
    if (planned === undefined || named === undefined) return undefined;
    const planning = planned.forEngine.get(named) ?? planned.planFor(named);
    planned.forEngine.set(named, planning);
    const request = await this.#orFail("recall", signal, async () => {
      const plan = await planning;
      return (await plan?.handOver(signal === undefined ? {} : { signal }))?.request;
    });
    return { providerOptions: withEngineRequest(providerOptions, request ?? {}) };
  }

  /**
   * Takes what was recalled to the last user message, so that what comes before it stays the same for
   * prompt caches. Where Mastra does not ask this yet, it stays a system message.
   */
  processLLMRequest({ prompt, messageList }: ProcessLLMRequestArgs): ProcessLLMRequestResult {
    const plan = messageList && this.#plans.get(messageList)?.plan;
    return plan === undefined ? undefined : { prompt: withVolatile(prompt, plan.volatile) };
  }

  async processOutputResult({
    messageList,
    requestContext,
    result,
  }: ProcessOutputResultArgs): Promise<MessageList> {
    const run = agentRunOf(requestContext, this.#parts.merged);
    if (run === undefined) return messageList;
    const planned = this.#plans.get(messageList);
    await planned?.plan.report({ used: true });
    const told = result.steps.map(toldByEngine).filter((each) => each !== undefined);
    for (const planning of planned?.forEngine.values() ?? []) {
      const plan = await planning;
      for (const engine of told) await plan?.report({ engine });
    }
    if (run.readOnly) return messageList;
    const { threadId, resourceId } = run;
    const said = [...messageList.get.input.db(), ...messageList.get.response.db()];
    const messages = said
      .filter(({ role }) => role !== "system")
      .map((message) => ({ ...message, threadId, resourceId }));
    if (messages.length === 0) return messageList;
    await this.#orFail("save", undefined, async () =>
      this.#parts.storage.saveMessages({ messages }),
    );
    return messageList;
  }

  /** The last messages of the thread that the list does not have yet, oldest first. */
  async #lastMessages(
    { threadId, resourceId, lastMessages }: AgentRun,
    messageList: MessageList,
  ): Promise<readonly MastraDBMessage[]> {
    if (lastMessages === 0) return [];
    const { storage } = this.#parts;
    const messages = await storage.lastMessages(threadId, resourceId, lastMessages);
    const there = new Set(messageList.get.all.db().map(({ id }) => id));
    return messages.filter(({ id }) => !there.has(id));
  }

  async #plan(
    run: AgentRun,
    messages: readonly MastraDBMessage[],
    signal: AbortSignal | undefined,
    model?: string,
  ): Promise<InjectionPlan> {
    const { os, budgetTokens, recallTimeoutMs } = this.#parts;
    const timeout = AbortSignal.timeout(recallTimeoutMs);
    const historyTokens = run.historyTokens ?? this.#parts.historyTokens;
    const { caller, cube } = await scopeOf(this.#parts, run.resourceId);
    return await os.as(caller).prepare({
      ...(cube === undefined ? {} : { cubes: [cube] }),
      sessionId: run.threadId,
      messages: messages.map((message) => ({ role: message.role, content: textOf(message) })),
      ...(model === undefined ? {} : { model }),
      ...(budgetTokens === undefined ? {} : { budgetTokens }),
      ...(historyTokens === undefined ? {} : { historyTokens }),
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
  }

  /** Does the work; when it fails, tells of it and gives `undefined`. A run that was aborted stays so. */
  async #orFail<T>(
    part: FailedPart,
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      emit("memcube:mastra:error", { part, error });
      tell(this.#parts.onError, [error, part], (raised) =>
        emit("memcube:mastra:error", { part, error: raised }),
      );
      return undefined;
    }
  }

  async #addWorkingMemory(
    { resourceId, workingMemory }: AgentRun,
    messageList: MessageList,
  ): Promise<void> {
    if (!workingMemory) return;
    const resource = await this.#parts.storage.getResourceById({ resourceId });
    const content = resource?.workingMemory ?? "";
    if (content !== "") messageList.addSystem(content, TAGS.working);
  }
}

function tellRecalled({ hits, tokens, history }: InjectionPlan): void {
  const { before, after } = history?.tokens ?? { before: 0, after: 0 };
  emit("memcube:mastra:recall", {
    hits: hits.length,
    tokens: tokens.stable + tokens.volatile,
    savedTokens: before - after,
  });
}
