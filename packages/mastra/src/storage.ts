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
import { allMessages, messagesById, removeSaved, removeThread, saveMessages } from "./messages.ts";
import { ObservationRecords } from "./observations.ts";
import { ObservationalStorage } from "./observational-storage.ts";
import { parseStorageOptions, type MemCubeStorageOptions } from "./options.ts";
import { sortByTime, wrong } from "./page.ts";
import { patchMessage, type MessagePatch } from "./patch-message.ts";
import { remove } from "./records.ts";
import { ResourceCubes, type Resource } from "./resource-cubes.ts";
import { ResourceRecords, type ResourcePatch } from "./resources.ts";
import { emptyPage, listThreadMessages, mergedPage } from "./thread-messages.ts";
import { pageOfThreads } from "./thread-page.ts";
import { threadNotFound, ThreadRecords, type ThreadPatch } from "./threads.ts";

/** A message with the resource whose cube it lies in. */
interface Located {
  readonly resourceId: Resource;
  readonly memoryId: string;
  readonly message: MastraDBMessage;
}

/**
 * Mastra's storage domain for memory on cubes: messages are turns of their resource's cube, found by
 * search and by the other adapters; threads and what Mastra observed lie in the cube that all resources
 * share. For `new Memory({ storage: memcubeStore({ os }) })` and `new Mastra({ storage })`.
 */
export class MemCubeMemoryStorage extends ObservationalStorage {
  override readonly supportsPartialThreadUpdate = true;
  protected override readonly observations: ObservationRecords;
  readonly #deletion: "erase" | "forget";
  readonly #cubes: ResourceCubes;
  readonly #threads: ThreadRecords;
  readonly #resources: ResourceRecords;

  /** @throws MemCubeError `MEMCUBE_INVALID_INPUT` */
  constructor(options: MemCubeStorageOptions) {
    super();
    const parsed = parseStorageOptions(options);
    const { deletion } = parsed;
    this.#deletion = deletion;
    this.#cubes = new ResourceCubes(parsed);
    this.#threads = new ThreadRecords(deletion);
    this.#resources = new ResourceRecords(deletion);
    this.observations = new ObservationRecords(deletion);
  }

  /** Deletes what Mastra has saved: every thread, message, resource and observation. */
  override async dangerouslyClearAll(): Promise<void> {
    const threads = await this.#allThreads();
    for (const { id } of threads) await this.deleteThread({ threadId: id });
    for (const resourceId of await this.#cubes.each()) {
      await this.#cubes.read(resourceId, async (cube) => {
        await this.#resources.clear(cube);
        await removeSaved(cube, this.#deletion);
      });
    }
    await this.atHome(async (home) => {
      await this.observations.clearAll(home);
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
    await this.#cubes.read(thread?.resourceId, (cube) =>
      removeThread(cube, threadId, this.#deletion),
    );
    await this.atHome(async (home) => {
      if (thread !== null) await this.observations.clear(home, threadId, thread.resourceId);
      await this.#threads.delete(home, threadId);
    });
  }

  override async listThreads(input: StorageListThreadsInput): Promise<StorageListThreadsOutput> {
    this.validateMetadataKeys(input.filter?.metadata);
    return pageOfThreads(await this.#allThreads(input.filter?.resourceId), input);
  }

  override async listMessages(input: StorageListMessagesInput): Promise<StorageListMessagesOutput> {
    const { threadId, ...listing } = input;
    const threadIds = typeof threadId === "string" ? [threadId] : threadId;
    const resources = await this.#resourcesOf(threadIds, input.resourceId);
    const [only] = resources;
    if (resources.size <= 1) return await this.#listOf(only, { ...listing, threadIds });
    const everything = { ...listing, page: 0, perPage: false as const };
    const pages = [...resources].map((one) => this.#listOf(one, { ...everything, threadIds }));
    return mergedPage(await Promise.all(pages), input);
  }

  override async listMessagesByResourceId(
    input: StorageListMessagesByResourceIdInput,
  ): Promise<StorageListMessagesOutput> {
    return await this.#listOf(input.resourceId, input);
  }

  override async listMessagesById({
    messageIds,
  }: {
    messageIds: string[];
  }): Promise<{ messages: MastraDBMessage[] }> {
    const located = await this.#locate(messageIds);
    const messages = located.map(({ message }) => message);
    return { messages: [...sortByTime(messages, ({ createdAt }) => createdAt, "ASC")] };
  }

  override async saveMessages({
    messages,
  }: {
    messages: MastraDBMessage[];
  }): Promise<{ messages: MastraDBMessage[] }> {
    const places = new Map<Resource, MastraDBMessage[]>();
    for (const message of messages) {
      const resourceId = message.resourceId ?? (await this.#resourceOf(message.threadId));
      places.set(resourceId, [...(places.get(resourceId) ?? []), message]);
    }
    for (const [resourceId, some] of places) {
      await this.#cubes.write(resourceId, (cube) => saveMessages(cube, some));
    }
    await this.#touch(messages.map(({ threadId }) => threadId));
    return { messages };
  }

  override async updateMessages({
    messages: patches,
  }: {
    messages: MessagePatch[];
  }): Promise<MastraDBMessage[]> {
    const located = await this.#locate(patches.map(({ id }) => id));
    const updated: MastraDBMessage[] = [];
    for (const { resourceId, memoryId, message } of located) {
      const patch = patches.findLast(({ id }) => id === message.id);
      if (patch === undefined) continue;
      const next = patchMessage(message, patch);
      await this.saveMessages({ messages: [next] });
      const moved = next.resourceId ?? (await this.#resourceOf(next.threadId));
      if (await this.#cubes.areApart(resourceId, moved)) {
        await this.#cubes.write(resourceId, (cube) => remove(cube, [memoryId], "erase"));
      }
      await this.#touch([message.threadId, next.threadId]);
      updated.push(next);
    }
    return updated;
  }

  override async deleteMessages(messageIds: string[]): Promise<void> {
    const located = await this.#locate(messageIds);
    for (const { resourceId, memoryId } of located) {
      await this.#cubes.write(resourceId, (cube) => remove(cube, [memoryId], this.#deletion));
    }
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
    if (source === null) throw threadNotFound(input.sourceThreadId);
    const taken = input.newThreadId;
    if (taken !== undefined && (await this.getThreadById({ threadId: taken })) !== null) {
      throw wrong(`Thread with id ${taken} already exists`);
    }
    const held = await this.#cubes.read(source.resourceId, (cube) =>
      allMessages(cube, { threadId: source.id }),
    );
    const messages = (held ?? []).map(({ message }) => message);
    const copy = copyOf(
      source,
      sortByTime(messages, ({ createdAt }) => createdAt, "ASC"),
      input,
    );
    await this.saveThread({ thread: copy.thread });
    await this.saveMessages({ messages: [...copy.messages] });
    return copy;
  }

  async #listOf(
    resourceId: Resource,
    listing: Parameters<typeof listThreadMessages>[1],
  ): Promise<StorageListMessagesOutput> {
    const page = await this.#cubes.read(resourceId, (cube) => listThreadMessages(cube, listing));
    return page ?? emptyPage(listing);
  }

  /** Looks for messages in the cubes of all resources until they are found; the order is that of the ids. */
  async #locate(ids: readonly string[]): Promise<readonly Located[]> {
    const found = new Map<string, Located>();
    for (const resourceId of await this.#cubes.each()) {
      const missing = ids.filter((id) => !found.has(id));
      if (missing.length === 0) break;
      const held = await this.#cubes.read(resourceId, (cube) => messagesById(cube, missing));
      for (const one of held ?? []) found.set(one.message.id, { ...one, resourceId });
    }
    return ids.flatMap((id) => found.get(id) ?? []);
  }

  async #resourcesOf(
    threadIds: readonly string[],
    resourceId: Resource,
  ): Promise<ReadonlySet<Resource>> {
    if (resourceId !== undefined) return new Set([resourceId]);
    const known = await Promise.all(threadIds.map((id) => this.#resourceOf(id)));
    // Messages can be saved without their thread: then they are anybody's.
    return new Set(known.includes(undefined) ? await this.#cubes.each() : known);
  }

  async #resourceOf(threadId: string | undefined): Promise<Resource> {
    if (threadId === undefined || threadId.trim() === "") return undefined;
    return (await this.getThreadById({ threadId }))?.resourceId;
  }

  /** Something was said or taken away in these threads. */
  async #touch(threadIds: readonly (string | undefined)[]): Promise<void> {
    for (const id of new Set(threadIds)) {
      if (id !== undefined) await this.atHome((home) => this.#threads.touch(home, id));
    }
  }
}
