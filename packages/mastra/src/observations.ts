import { randomUUID } from "node:crypto";

import type { MemCube } from "@memcube/core";
import type {
  BufferedObservationChunk,
  CreateObservationalMemoryInput,
  CreateReflectionGenerationInput,
  ObservationalMemoryHistoryOptions,
  ObservationalMemoryRecord,
  SwapBufferedReflectionToActiveInput,
  SwapBufferedToActiveInput,
  SwapBufferedToActiveResult,
  UpdateActiveObservationsInput,
  UpdateBufferedObservationsInput,
  UpdateBufferedReflectionInput,
} from "@mastra/core/storage";

import { chooseChunks } from "./choose-chunks.ts";
import { newRecord, observedTag, toRecord, toStored } from "./observation-record.ts";
import { wrong } from "./page.ts";
import { Records } from "./records.ts";

type Patch = Partial<ObservationalMemoryRecord>;

const NOTHING_ACTIVATED: SwapBufferedToActiveResult = {
  chunksActivated: 0,
  messageTokensActivated: 0,
  observationTokensActivated: 0,
  messagesActivated: 0,
  activatedCycleIds: [],
  activatedMessageIds: [],
};

/** What Mastra's observational memory noted of a thread or a resource, generation by generation. */
export class ObservationRecords {
  readonly #records: Records;

  constructor(deletion: "erase" | "forget") {
    this.#records = new Records("observations", deletion);
  }

  /** Newest generation first. */
  async list(
    home: MemCube,
    threadId: string | null,
    resourceId: string,
    { from, to, offset = 0, limit }: ObservationalMemoryHistoryOptions & { limit?: number } = {},
  ): Promise<ObservationalMemoryRecord[]> {
    const values = await this.#records.list(home, observedTag(threadId, resourceId));
    const records = values
      .map(toRecord)
      .reverse()
      .toSorted((a, b) => b.generationCount - a.generationCount)
      .filter(({ createdAt }) => from === undefined || createdAt >= from)
      .filter(({ createdAt }) => to === undefined || createdAt <= to);
    return records.slice(offset, limit === undefined ? undefined : offset + limit);
  }

  async initialize(
    home: MemCube,
    input: CreateObservationalMemoryInput,
  ): Promise<ObservationalMemoryRecord> {
    const { scope, threadId, resourceId, config, observedTimezone } = input;
    const id = randomUUID();
    const record = newRecord({ id, scope, threadId, resourceId, config, observedTimezone });
    await this.insert(home, record);
    return record;
  }

  async insert(home: MemCube, record: ObservationalMemoryRecord): Promise<void> {
    await this.#records.put(home, record.id, toStored(record));
  }

  /** Changes a record as it is now. @throws MemCubeError `MEMCUBE_INVALID_INPUT` when there is none */
  async change(
    home: MemCube,
    id: string,
    patch: Patch | ((record: ObservationalMemoryRecord) => Patch | undefined),
  ): Promise<void> {
    const changed = await this.#records.change(home, id, (value) => {
      const record = toRecord(value);
      const next = typeof patch === "function" ? patch(record) : patch;
      return next && toStored({ ...record, ...next, updatedAt: new Date() });
    });
    if (changed === undefined) throw wrong(`Observational memory record not found: ${id}`);
  }

  async observed(home: MemCube, input: UpdateActiveObservationsInput): Promise<void> {
    const { observations, tokenCount, lastObservedAt, observedMessageIds, observedTimezone } =
      input;
    await this.change(home, input.id, ({ totalTokensObserved }) => ({
      activeObservations: observations,
      observationTokenCount: tokenCount,
      totalTokensObserved: totalTokensObserved + tokenCount,
      pendingMessageTokens: 0,
      lastObservedAt,
      ...(observedMessageIds === undefined ? {} : { observedMessageIds }),
      ...(observedTimezone === undefined ? {} : { observedTimezone }),
    }));
  }

  /** Puts observations aside; those of a cycle are taken once. */
  async buffer(home: MemCube, input: UpdateBufferedObservationsInput): Promise<void> {
    const { id, chunk, lastBufferedAtTime } = input;
    await this.change(home, id, ({ bufferedObservationChunks: chunks = [] }) => {
      if (chunks.some(({ cycleId }) => cycleId === chunk.cycleId)) return undefined;
      const added = { ...chunk, id: randomUUID(), createdAt: new Date() };
      return {
        bufferedObservationChunks: [...chunks, added],
        ...(lastBufferedAtTime === undefined ? {} : { lastBufferedAtTime }),
      };
    });
  }

  /** Makes buffered observations active, as many as the aim asks for. */
  async activate(
    home: MemCube,
    input: SwapBufferedToActiveInput,
  ): Promise<SwapBufferedToActiveResult> {
    let result = NOTHING_ACTIVATED;
    await this.change(home, input.id, (record) => {
      const chunks = input.bufferedChunks ?? record.bufferedObservationChunks ?? [];
      result = NOTHING_ACTIVATED;
      if (chunks.length === 0) return undefined;
      const tokens = chunks.map(({ messageTokens }) => messageTokens);
      const count = chooseChunks(tokens, input);
      const active = chunks.slice(0, count);
      result = activated(active);
      const last = active.at(-1)?.lastObservedAt;
      const lastObservedAt = input.lastObservedAt ?? (last === undefined ? new Date() : last);
      const rest = chunks.slice(count);
      return {
        activeObservations: joined(record, result.observations ?? "", lastObservedAt),
        observationTokenCount: record.observationTokenCount + result.observationTokensActivated,
        pendingMessageTokens: Math.max(
          0,
          record.pendingMessageTokens - result.messageTokensActivated,
        ),
        bufferedObservationChunks: rest.length === 0 ? undefined : rest,
        lastObservedAt,
      };
    });
    return result;
  }

  async bufferReflection(home: MemCube, input: UpdateBufferedReflectionInput): Promise<void> {
    const { id, reflection, tokenCount, inputTokenCount, reflectedObservationLineCount } = input;
    await this.change(home, id, (record) => ({
      bufferedReflection: [record.bufferedReflection, reflection].filter(Boolean).join("\n\n"),
      bufferedReflectionTokens: (record.bufferedReflectionTokens ?? 0) + tokenCount,
      bufferedReflectionInputTokens: (record.bufferedReflectionInputTokens ?? 0) + inputTokenCount,
      reflectedObservationLineCount,
    }));
  }

  /** A next generation that begins with a reflection on the one before. */
  async reflect(
    home: MemCube,
    { currentRecord, reflection, tokenCount }: CreateReflectionGenerationInput,
  ): Promise<ObservationalMemoryRecord> {
    const { scope, threadId, resourceId, config, observedTimezone } = currentRecord;
    const named = { id: randomUUID(), scope, threadId, resourceId, config, observedTimezone };
    const record = newRecord(named, {
      originType: "reflection",
      generationCount: currentRecord.generationCount + 1,
      activeObservations: reflection,
      lastObservedAt: currentRecord.lastObservedAt ?? new Date(),
      totalTokensObserved: currentRecord.totalTokensObserved,
      observationTokenCount: tokenCount,
    });
    await this.insert(home, record);
    return record;
  }

  /** The buffered reflection, and what was observed after it, begin the next generation. */
  async activateReflection(
    home: MemCube,
    { currentRecord, tokenCount }: SwapBufferedReflectionToActiveInput,
  ): Promise<ObservationalMemoryRecord> {
    const { id } = currentRecord;
    const value = await this.#records.get(home, id);
    if (value === undefined) throw wrong(`Observational memory record not found: ${id}`);
    const record = toRecord(value);
    const { bufferedReflection, reflectedObservationLineCount = 0 } = record;
    if (!bufferedReflection) throw wrong("No buffered reflection to swap");
    const lines = record.activeObservations.split("\n").slice(reflectedObservationLineCount);
    const since = lines.join("\n").trim();
    const reflection = since === "" ? bufferedReflection : `${bufferedReflection}\n\n${since}`;
    // The next generation is stored before what it was made from goes.
    const next = await this.reflect(home, { currentRecord: record, reflection, tokenCount });
    await this.change(home, id, {
      bufferedReflection: undefined,
      bufferedReflectionTokens: undefined,
      bufferedReflectionInputTokens: undefined,
      reflectedObservationLineCount: undefined,
    });
    return next;
  }

  async clear(home: MemCube, threadId: string | null, resourceId: string): Promise<void> {
    await this.#records.clear(home, observedTag(threadId, resourceId));
  }

  async clearAll(home: MemCube): Promise<void> {
    await this.#records.clear(home);
  }
}

/** What became active, in sum and chunk by chunk. */
function activated(chunks: readonly BufferedObservationChunk[]): SwapBufferedToActiveResult {
  const sum = (of: (chunk: BufferedObservationChunk) => number) =>
    chunks.reduce((total, chunk) => total + of(chunk), 0);
  const last = chunks.at(-1);
  return {
    chunksActivated: chunks.length,
    messageTokensActivated: sum(({ messageTokens }) => messageTokens),
    observationTokensActivated: sum(({ tokenCount }) => tokenCount),
    messagesActivated: sum(({ messageIds }) => messageIds.length),
    activatedCycleIds: chunks.map(({ cycleId }) => cycleId),
    activatedMessageIds: chunks.flatMap(({ messageIds }) => messageIds),
    observations: chunks.map(({ observations }) => observations).join("\n\n"),
    perChunk: chunks.map((chunk) => ({
      cycleId: chunk.cycleId,
      messageTokens: chunk.messageTokens,
      observationTokens: chunk.tokenCount,
      messageCount: chunk.messageIds.length,
      observations: chunk.observations,
    })),
    suggestedContinuation: last?.suggestedContinuation,
    currentTask: last?.currentTask,
  };
}

/** Active observations with more of them below, in the form that Mastra tells them apart by. */
function joined({ activeObservations }: ObservationalMemoryRecord, more: string, at: Date): string {
  if (activeObservations === "") return more;
  const boundary = `\n\n--- message boundary (${at.toISOString()}) ---\n\n`;
  return `${activeObservations}${boundary}${more}`;
}
