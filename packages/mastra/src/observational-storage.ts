import type { MemCube } from "@memcube/core";
import {
  MemoryStorage,
  type CreateObservationalMemoryInput,
  type CreateReflectionGenerationInput,
  type ObservationalMemoryHistoryOptions,
  type ObservationalMemoryRecord,
  type SwapBufferedReflectionToActiveInput,
  type SwapBufferedToActiveInput,
  type SwapBufferedToActiveResult,
  type UpdateActiveObservationsInput,
  type UpdateBufferedObservationsInput,
  type UpdateBufferedReflectionInput,
  type UpdateObservationalMemoryConfigInput,
} from "@mastra/core/storage";

import type { ObservationRecords } from "./observations.ts";

/** The part of Mastra's storage that observational memory works on. */
export abstract class ObservationalStorage extends MemoryStorage {
  override readonly supportsObservationalMemory = true;

  protected abstract readonly observations: ObservationRecords;
  /** Does work on the cube that all resources share. */
  protected abstract atHome<T>(work: (home: MemCube) => Promise<T>): Promise<T>;
  /** The same for reading: `undefined` when nothing was saved yet. */
  protected abstract fromHome<T>(work: (home: MemCube) => Promise<T>): Promise<T | undefined>;

  override async getObservationalMemory(
    threadId: string | null,
    resourceId: string,
  ): Promise<ObservationalMemoryRecord | null> {
    const records = await this.getObservationalMemoryHistory(threadId, resourceId, 1);
    return records[0] ?? null;
  }

  override async getObservationalMemoryHistory(
    threadId: string | null,
    resourceId: string,
    limit?: number,
    options: ObservationalMemoryHistoryOptions = {},
  ): Promise<ObservationalMemoryRecord[]> {
    const records = await this.fromHome((home) =>
      this.observations.list(home, threadId, resourceId, {
        ...options,
        ...(limit === undefined ? {} : { limit }),
      }),
    );
    return records ?? [];
  }

  override async initializeObservationalMemory(
    input: CreateObservationalMemoryInput,
  ): Promise<ObservationalMemoryRecord> {
    return await this.atHome((home) => this.observations.initialize(home, input));
  }

  override async insertObservationalMemoryRecord(record: ObservationalMemoryRecord): Promise<void> {
    await this.atHome((home) => this.observations.insert(home, record));
  }

  override async updateActiveObservations(input: UpdateActiveObservationsInput): Promise<void> {
    await this.atHome((home) => this.observations.observed(home, input));
  }

  override async updateBufferedObservations(input: UpdateBufferedObservationsInput): Promise<void> {
    await this.atHome((home) => this.observations.buffer(home, input));
  }

  override async swapBufferedToActive(
    input: SwapBufferedToActiveInput,
  ): Promise<SwapBufferedToActiveResult> {
    return await this.atHome((home) => this.observations.activate(home, input));
  }

  override async createReflectionGeneration(
    input: CreateReflectionGenerationInput,
  ): Promise<ObservationalMemoryRecord> {
    return await this.atHome((home) => this.observations.reflect(home, input));
  }

  override async updateBufferedReflection(input: UpdateBufferedReflectionInput): Promise<void> {
    await this.atHome((home) => this.observations.bufferReflection(home, input));
  }

  override async swapBufferedReflectionToActive(
    input: SwapBufferedReflectionToActiveInput,
  ): Promise<ObservationalMemoryRecord> {
    return await this.atHome((home) => this.observations.activateReflection(home, input));
  }

  override async setReflectingFlag(id: string, isReflecting: boolean): Promise<void> {
    await this.#change(id, { isReflecting });
  }

  override async setObservingFlag(id: string, isObserving: boolean): Promise<void> {
    await this.#change(id, { isObserving });
  }

  override async setBufferingObservationFlag(
    id: string,
    isBufferingObservation: boolean,
    lastBufferedAtTokens?: number,
  ): Promise<void> {
    const tokens = lastBufferedAtTokens === undefined ? {} : { lastBufferedAtTokens };
    await this.#change(id, { isBufferingObservation, ...tokens });
  }

  override async setBufferingReflectionFlag(
    id: string,
    isBufferingReflection: boolean,
  ): Promise<void> {
    await this.#change(id, { isBufferingReflection });
  }

  override async setPendingMessageTokens(id: string, tokenCount: number): Promise<void> {
    await this.#change(id, { pendingMessageTokens: tokenCount });
  }

  override async updateObservationalMemoryConfig(
    input: UpdateObservationalMemoryConfigInput,
  ): Promise<void> {
    await this.atHome((home) =>
      this.observations.change(home, input.id, ({ config }) => ({
        config: this.deepMergeConfig(config, input.config),
      })),
    );
  }

  override async clearObservationalMemory(
    threadId: string | null,
    resourceId: string,
  ): Promise<void> {
    await this.atHome((home) => this.observations.clear(home, threadId, resourceId));
  }

  async #change(id: string, patch: Partial<ObservationalMemoryRecord>): Promise<void> {
    await this.atHome((home) => this.observations.change(home, id, patch));
  }
}
