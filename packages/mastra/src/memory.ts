import type { MemOS } from "@memcube/core";
import {
  MastraMemory,
  type MastraDBMessage,
  type MemoryConfigInternal,
  type MessageDeleteInput,
  type StorageThreadType,
  type WorkingMemoryTemplate,
} from "@mastra/core/memory";
import type { InputProcessor, OutputProcessor } from "@mastra/core/processors";
import type {
  StorageCloneThreadInput,
  StorageCloneThreadOutput,
  StorageListMessagesInput,
  StorageListMessagesOutput,
  StorageListThreadsInput,
  StorageListThreadsOutput,
} from "@mastra/core/storage";
import type { ToolAction } from "@mastra/core/tools";

import {
  parseMemoryOptions,
  parseStorageOptions,
  type MemCubeMemoryOptions,
  type ParsedMemoryOptions,
  type ParsedStorageOptions,
} from "./options.ts";
import { MemoryProcessor } from "./processor.ts";
import { recalledIds } from "./recall.ts";
import { ResourceCubes } from "./resource-cubes.ts";
import { MemCubeMemoryStorage } from "./storage.ts";
import { memoryTools } from "./tools.ts";

type RecallInput = StorageListMessagesInput & {
  readonly threadConfig?: MemoryConfigInternal;
  readonly vectorSearchString?: string;
};

/** Whose working memory. */
interface WorkingMemoryOf {
  readonly threadId: string;
  readonly resourceId?: string;
}

/**
 * Memory for Mastra's agents: `new Agent({ memory: new MemCubeMemory({ os }) })`. A run sees the last
 * messages of its thread and what is known of its resource, from all threads and all adapters; what was
 * said is kept, also when the run breaks off.
 */
export class MemCubeMemory extends MastraMemory {
  readonly #os: MemOS;
  readonly #store: MemCubeMemoryStorage;
  readonly #options: ParsedStorageOptions & ParsedMemoryOptions;
  readonly #cubes: ResourceCubes;
  readonly #processor: MemoryProcessor;

  /** @throws MemCubeError `MEMCUBE_INVALID_INPUT` */
  constructor(options: MemCubeMemoryOptions) {
    super({ name: "memcube", ...(options.options && { options: options.options }) });
    this.#options = { ...parseStorageOptions(options), ...parseMemoryOptions(options) };
    this.#os = this.#options.os;
    this.#cubes = new ResourceCubes(this.#options);
    this.#store = new MemCubeMemoryStorage(options);
    this.#processor = new MemoryProcessor({
      ...this.#options,
      storage: this.#store,
      merged: (config) => this.getMergedThreadConfig(config),
    });
  }

  override async getInputProcessors(): Promise<InputProcessor[]> {
    return await Promise.resolve([this.#processor]);
  }

  override async getOutputProcessors(): Promise<OutputProcessor[]> {
    return await Promise.resolve([this.#processor]);
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- the base class says so
  override listTools(): Record<string, ToolAction<any, any, any, any, any>> {
    return this.#options.tools ? memoryTools(this.#os, this.#options) : {};
  }

  override async getThreadById(wanted: {
    threadId: string;
    resourceId?: string;
  }): Promise<StorageThreadType | null> {
    return await this.#store.getThreadById(wanted);
  }

  override async listThreads(input: StorageListThreadsInput): Promise<StorageListThreadsOutput> {
    return await this.#store.listThreads(input);
  }

  override async saveThread({ thread }: { thread: StorageThreadType }): Promise<StorageThreadType> {
    return await this.#store.saveThread({ thread });
  }

  override async updateThread({
    id,
    title,
    metadata,
  }: {
    id: string;
    title?: string;
    metadata?: Record<string, unknown>;
  }): Promise<StorageThreadType> {
    return await this.#store.updateThread({ id, title, metadata });
  }

  override async deleteThread(threadId: string): Promise<void> {
    await this.#store.deleteThread({ threadId });
  }

  override async updateThreadResourceId(input: {
    threadId: string;
    resourceId: string;
  }): Promise<StorageThreadType> {
    return await this.#store.updateThreadResourceId(input);
  }

  override async cloneThread(input: StorageCloneThreadInput): Promise<StorageCloneThreadOutput> {
    return await this.#store.cloneThread(input);
  }

  override async saveMessages({
    messages,
  }: {
    messages: MastraDBMessage[];
  }): Promise<{ messages: MastraDBMessage[] }> {
    return await this.#store.saveMessages({ messages });
  }

  /** Messages of a thread; with `vectorSearchString` those found by it beside them. */
  override async recall(input: RecallInput): Promise<StorageListMessagesOutput> {
    const { threadConfig, vectorSearchString = "", ...listing } = input;
    const config = this.getMergedThreadConfig(threadConfig).semanticRecall;
    if (vectorSearchString === "") return await this.#store.listMessages(listing);
    const found = await recalledIds(this.#cubes, {
      ...listing,
      config,
      query: vectorSearchString,
    });
    return await this.#store.listMessages({
      ...listing,
      include: [...(listing.include ?? []), ...found],
    });
  }

  override async deleteMessages(messages: MessageDeleteInput): Promise<void> {
    const ids = messages.map((one) => (typeof one === "string" ? one : one.id));
    await this.#store.deleteMessages(ids);
  }

  override async getWorkingMemory({
    threadId,
    resourceId,
  }: WorkingMemoryOf): Promise<string | null> {
    if (resourceId !== undefined) {
      const resource = await this.#store.getResourceById({ resourceId });
      return resource?.workingMemory ?? null;
    }
    const thread = await this.#store.getThreadById({ threadId });
    const kept = thread?.metadata?.["workingMemory"];
    return typeof kept === "string" ? kept : null;
  }

  override async getWorkingMemoryTemplate({
    memoryConfig,
  }: {
    memoryConfig?: MemoryConfigInternal;
  }): Promise<WorkingMemoryTemplate | null> {
    const { workingMemory } = this.getMergedThreadConfig(memoryConfig);
    const template = workingMemory && "template" in workingMemory ? workingMemory.template : "";
    if (workingMemory?.enabled !== true || !template) return await Promise.resolve(null);
    return { format: "markdown", content: template };
  }

  override async updateWorkingMemory({
    threadId,
    resourceId,
    workingMemory,
  }: WorkingMemoryOf & { readonly workingMemory: string }): Promise<void> {
    if (resourceId === undefined) {
      await this.#store.updateThread({ id: threadId, metadata: { workingMemory } });
    } else {
      await this.#store.updateResource({ resourceId, workingMemory });
    }
  }

  override async __experimental_updateWorkingMemoryVNext({
    searchString = "",
    ...input
  }: WorkingMemoryOf & {
    readonly workingMemory: string;
    readonly searchString?: string;
  }): Promise<{ success: boolean; reason: string }> {
    const { workingMemory: added } = input;
    const before = (await this.getWorkingMemory(input)) ?? "";
    if (searchString === "" && before.includes(added)) {
      return { success: false, reason: "duplicate" };
    }
    const replaces = searchString !== "" && before.includes(searchString);
    const workingMemory = replaces
      ? before.replace(searchString, () => added)
      : [before, added].filter(Boolean).join("\n");
    await this.updateWorkingMemory({ ...input, workingMemory });
    return { success: true, reason: replaces ? "replaced" : "appended" };
  }
}
