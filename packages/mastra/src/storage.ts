import type { MemCube } from "@memcube/core";
import type { MastraDBMessage, StorageThreadType } from "@mastra/core/memory";
import type {
  StorageCloneThreadInput,
  StorageCloneThreadOutput,
  StorageCopyThreadOutput,
  StorageListMessagesByResourceIdInput,
  StorageListMessagesInput,
  StorageListMessagesOutput,
  StorageListThreadsInput,
  StorageListThreadsOutput,
  StorageResourceType,
} from "@mastra/core/storage";

import { copyOf, type ThreadCopy } from "./copy-thread.ts";
import { MessagePlaces } from "./message-places.ts";
import { ObservationRecords } from "./observations.ts";
import { ObservationalStorage } from "./observational-storage.ts";
import { parseStorageOptions, type MemCubeStorageOptions } from "./options.ts";
import { sortByTime, wrong } from "./page.ts";
import { patchMessage, type MessagePatch } from "./patch-message.ts";
import { ResourceCubes } from "./resource-cubes.ts";
import { ResourceRecords, type ResourcePatch } from "./resources.ts";
import { listThreadMessages } from "./thread-messages.ts";
import { pageOfThreads } from "./thread-page.ts";
import { threadNotFound, ThreadRecords, type ThreadPatch } from "./threads.ts";

/**
 * Mastra's storage domain for memory on cubes: messages are turns of their resource's cube, found by
 * search and by the other adapters; threads and what Mastra observed lie in the cube that all resources
 * share. For `new Memory({ storage: memcubeStore({ os }) })` and `new Mastra({ storage })`.
 */
export class MemCubeMemoryStorage extends ObservationalStorage {
  override readonly supportsPartialThreadUpdate = true;
  protected override readonly observations: ObservationRecords;
  readonly #cubes: ResourceCubes;
  readonly #messages: MessagePlaces;
  readonly #threads: ThreadRecords;
  readonly #resources: ResourceRecords;

  /** @throws MemCubeError `MEMCUBE_INVALID_INPUT` */
  constructor(options: MemCubeStorageOptions) {
    super();
    const parsed = parseStorageOptions(options);
    const { deletion } = parsed;
    this.#cubes = new ResourceCubes(parsed);
    this.#messages = new MessagePlaces({
      cubes: this.#cubes,
      resourceOf: async (id) => (await this.getThreadById({ threadId: id }))?.resourceId,
      deletion,
    });
    this.#threads = new ThreadRecords(deletion);
    this.#resources = new ResourceRecords(deletion);
    this.observations = new ObservationRecords(deletion);
  }

  /** Deletes what Mastra has saved: every thread, message, resource and observation. */
  override async dangerouslyClearAll(): Promise<void> {
    await this.#messages.clear();
    for (const resourceId of await this.#cubes.each()) {
      await this.#cubes.read(resourceId, (cube) => this.#resources.clear(cube));
    }
    await this.fromHome(async (home) => {
      await this.observations.clearAll(home);
      await this.#threads.clear(home);
    });
    await this.#cubes.clear();
  }

  override async getThreadById({
    threadId,
    resourceId,
  }: {
    threadId: string;
    resourceId?: string;
  }): Promise<StorageThreadType | null> {
    const thread = await this.fromHome((home) => this.#threads.get(home, threadId));
    if (thread === undefined) return null;
    return resourceId === undefined || thread.resourceId === resourceId ? thread : null;
  }

  override async saveThread({ thread }: { thread: StorageThreadType }): Promise<StorageThreadType> {
    await this.atHome((home) => this.#threads.save(home, thread));
    return thread;
  }

  override async updateThread({
    id,
    ...patch
  }: { id: string } & ThreadPatch): Promise<StorageThreadType> {
    return await this.atHome((home) => this.#threads.update(home, id, patch));
  }

  override async deleteThread({ threadId }: { threadId: string }): Promise<void> {
    const thread = await this.getThreadById({ threadId });
    await this.#messages.removeThread(threadId);
    await this.fromHome(async (home) => {
      if (thread !== null) await this.observations.clear(home, threadId, thread.resourceId);
      await this.#threads.delete(home, threadId);
    });
  }

  override async listThreads(input: StorageListThreadsInput): Promise<StorageListThreadsOutput> {
    this.validatePaginationInput(input.page ?? 0, input.perPage ?? 100);
    this.validateMetadataKeys(input.filter?.metadata);
    return pageOfThreads(await this.#allThreads(input.filter?.resourceId), input);
  }

  override async listMessages(input: StorageListMessagesInput): Promise<StorageListMessagesOutput> {
    const { threadId, ...listing } = input;
    const threadIds = typeof threadId === "string" ? [threadId] : threadId;
    return await listThreadMessages(this.#messages, { ...listing, threadIds });
  }

  /** The last messages of a thread that lie with a resource, oldest first: all that its prompts may show. */
  async lastMessages(
    threadId: string,
    resourceId: string,
    count: number,
  ): Promise<readonly MastraDBMessage[]> {
    const { messages } = await listThreadMessages(this.#messages, {
      threadIds: [threadId],
      within: resourceId,
      perPage: count,
      orderBy: { field: "createdAt", direction: "DESC" },
      includeTotal: false,
    });
    return messages.toReversed();
  }

  override async listMessagesByResourceId(
    input: StorageListMessagesByResourceIdInput,
  ): Promise<StorageListMessagesOutput> {
    return await listThreadMessages(this.#messages, input);
  }

  override async listMessagesById({
    messageIds,
  }: {
    messageIds: string[];
  }): Promise<{ messages: MastraDBMessage[] }> {
    const located = await this.#messages.byId(messageIds);
    const messages = located.map(({ message }) => message);
    return { messages: [...sortByTime(messages, ({ createdAt }) => createdAt, "ASC")] };
  }

  override async saveMessages({
    messages,
  }: {
    messages: MastraDBMessage[];
  }): Promise<{ messages: MastraDBMessage[] }> {
    await this.#messages.save(messages);
    await this.#touch(messages.map(({ threadId }) => threadId));
    return { messages };
  }

  override async updateMessages({
    messages: patches,
  }: {
    messages: MessagePatch[];
  }): Promise<MastraDBMessage[]> {
    const located = await this.#messages.byId(patches.map(({ id }) => id));
    const updated = located.flatMap(({ message }) => {
      const patch = patches.findLast(({ id }) => id === message.id);
      return patch === undefined ? [] : [patchMessage(message, patch)];
    });
    await this.#messages.save(updated);
    const before = located.map(({ message }) => message);
    await this.#touch([...before, ...updated].map(({ threadId }) => threadId));
    return updated;
  }

  override async deleteMessages(messageIds: string[]): Promise<void> {
    const located = await this.#messages.byId(messageIds);
    await this.#messages.remove(located);
    await this.#touch(located.map(({ message }) => message.threadId));
  }

  override async copyThread(input: StorageCloneThreadInput): Promise<StorageCopyThreadOutput> {
    const { thread, messageIdMap } = await this.#copy(input);
    return { thread, messageIdMap };
  }

  override async cloneThread(input: StorageCloneThreadInput): Promise<StorageCloneThreadOutput> {
    const { thread, messages, messageIdMap } = await this.#copy(input);
    return { thread, messageIdMap, clonedMessages: [...messages] };
  }

  override async updateThreadResourceId({
    threadId,
    resourceId,
  }: {
    threadId: string;
    resourceId: string;
  }): Promise<StorageThreadType> {
    const thread = await this.getThreadById({ threadId });
    if (thread === null) throw threadNotFound(threadId);
    const { messages } = await this.listMessages({ threadId, perPage: false });
    await this.updateMessages({ messages: messages.map(({ id }) => ({ id, resourceId })) });
    return await this.updateThread({ id: threadId, resourceId });
  }

  override async getResourceById({
    resourceId,
  }: {
    resourceId: string;
  }): Promise<StorageResourceType | null> {
    const resource = await this.#cubes.read(resourceId, (cube) =>
      this.#resources.get(cube, resourceId),
    );
    return resource ?? null;
  }

  override async saveResource({
    resource,
  }: {
    resource: StorageResourceType;
  }): Promise<StorageResourceType> {
    await this.#cubes.write(resource.id, (cube) => this.#resources.save(cube, resource));
    return resource;
  }

  override async updateResource({
    resourceId,
    ...patch
  }: { resourceId: string } & ResourcePatch): Promise<StorageResourceType> {
    return await this.#cubes.write(resourceId, (cube) =>
      this.#resources.update(cube, resourceId, patch),
    );
  }

  protected override async atHome<T>(work: (home: MemCube) => Promise<T>): Promise<T> {
    return await this.#cubes.write(undefined, work);
  }

  protected override async fromHome<T>(
    work: (home: MemCube) => Promise<T>,
  ): Promise<T | undefined> {
    return await this.#cubes.read(undefined, work);
  }

  async #allThreads(resourceId?: string): Promise<readonly StorageThreadType[]> {
    return (await this.fromHome((home) => this.#threads.list(home, resourceId))) ?? [];
  }

  async #copy(input: StorageCloneThreadInput): Promise<ThreadCopy> {
    const source = await this.getThreadById({ threadId: input.sourceThreadId });
    if (source === null) throw threadNotFound(input.sourceThreadId, "Source thread");
    const taken = input.newThreadId;
    if (taken !== undefined && (await this.getThreadById({ threadId: taken })) !== null) {
      throw wrong(`Thread with id ${taken} already exists`);
    }
    const held = await this.#messages.all({ threadId: source.id });
    const messages = held.map(({ message }) => message);
    const copy = copyOf(
      source,
      sortByTime(messages, ({ createdAt }) => createdAt, "ASC"),
      input,
    );
    await this.saveThread({ thread: copy.thread });
    await this.saveMessages({ messages: [...copy.messages] });
    return copy;
  }

  /** Something was said or taken away in these threads. */
  async #touch(threadIds: readonly (string | undefined)[]): Promise<void> {
    for (const id of new Set(threadIds)) {
      if (id !== undefined) await this.atHome((home) => this.#threads.touch(home, id));
    }
  }
}
