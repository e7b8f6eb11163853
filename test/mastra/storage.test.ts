/** What Mastra expects of a storage where threads, messages and resources do not keep to each other. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createMemOS, type MemOS } from "@memcube/core";
import { MemCubeMemoryStorage } from "@memcube/mastra";
import { sqliteStorage } from "@memcube/sqlite";
import type { MastraDBMessage, StorageThreadType } from "@mastra/core/memory";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const SCOPES = {
  "a cube for each resource": undefined,
  "one cube for all": { caller: { userId: "app" } },
};

describe.each(Object.entries(SCOPES))("MemCubeMemoryStorage on SQLite, %s", (_, scope) => {
  const directory = mkdtempSync(join(tmpdir(), "memcube-mastra-"));
  const path = join(directory, "memory.db");
  let os: MemOS;
  let storage: MemCubeMemoryStorage;

  beforeAll(async () => {
    os = createMemOS({ storage: await sqliteStorage({ path, durability: "process" }) });
    storage = open();
  });
  afterAll(async () => {
    await os.close();
    rmSync(directory, { recursive: true, force: true });
  });

  /** Another storage on the same OS: it has seen nothing of what the first one did. */
  function open(): MemCubeMemoryStorage {
    return new MemCubeMemoryStorage({ os, ...(scope === undefined ? {} : { scope }) });
  }

  async function newThread(resourceId: string = randomUUID()): Promise<StorageThreadType> {
    const now = new Date();
    const thread = { id: randomUUID(), resourceId, title: "T", createdAt: now, updatedAt: now };
    return await storage.saveThread({ thread: { ...thread, metadata: { key: "value" } } });
  }

  async function idsOf(threadId: string, by: MemCubeMemoryStorage = storage) {
    const { messages } = await by.listMessages({ threadId, perPage: false });
    return messages.map(({ id }) => id);
  }

  describe("messages of another resource than their thread's", () => {
    it("are listed with the thread, counted and paged", async () => {
      const thread = await newThread();
      const messages = [
        message(thread.id, 1, thread.resourceId),
        message(thread.id, 2, "guest"),
        message(thread.id, 3, thread.resourceId),
      ];
      await storage.saveMessages({ messages });
      const ids = messages.map(({ id }) => id);
      expect(await idsOf(thread.id)).toEqual(ids);
      expect(await idsOf(thread.id, open())).toEqual(ids);
      const orderBy = { field: "createdAt" as const, direction: "DESC" as const };
      const latest = await storage.listMessages({ threadId: thread.id, perPage: 2, orderBy });
      expect(latest.messages.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
      expect(latest).toMatchObject({ total: 3, hasMore: true });
      const own = await storage.listMessages({
        threadId: thread.id,
        resourceId: thread.resourceId,
      });
      expect(own.messages.map(({ id }) => id)).toEqual([ids[0], ids[2]]);
    });

    it("are found when the thread was never saved, or is saved later under another resource", async () => {
      const threadId = randomUUID();
      const first = message(threadId, 1, "early");
      const second = message(threadId, 2, undefined);
      await storage.saveMessages({ messages: [first, second] });
      expect(await idsOf(threadId, open())).toEqual([first.id, second.id]);
      const at = new Date();
      const thread = { id: threadId, resourceId: "late", createdAt: at, updatedAt: at };
      await storage.saveThread({ thread });
      expect(await idsOf(threadId)).toEqual([first.id, second.id]);
    });

    it("go with the thread that is deleted", async () => {
      const thread = await newThread();
      const guest = message(thread.id, 1, "guest");
      await storage.saveMessages({ messages: [guest, message(thread.id, 2, thread.resourceId)] });
      await storage.deleteThread({ threadId: thread.id });
      expect(await idsOf(thread.id)).toEqual([]);
      expect(await storage.listMessagesById({ messageIds: [guest.id] })).toEqual({ messages: [] });
    });

    it("are copied with the thread", async () => {
      const thread = await newThread();
      const messages = [message(thread.id, 1, "guest"), message(thread.id, 2, thread.resourceId)];
      await storage.saveMessages({ messages });
      const copy = await storage.cloneThread({ sourceThreadId: thread.id });
      expect(copy.clonedMessages.map(({ resourceId }) => resourceId)).toEqual([
        "guest",
        thread.resourceId,
      ]);
      expect(await idsOf(copy.thread.id)).toEqual(copy.clonedMessages.map(({ id }) => id));
    });

    it("go to the resource that the thread goes to", async () => {
      const thread = await newThread();
      const messages = [message(thread.id, 1, "guest"), message(thread.id, 2, thread.resourceId)];
      await storage.saveMessages({ messages });
      await storage.updateThreadResourceId({ threadId: thread.id, resourceId: "heir" });
      const { messages: moved } = await open().listMessages({ threadId: thread.id });
      expect(moved.map(({ id }) => id)).toEqual(messages.map(({ id }) => id));
      expect(moved.map(({ resourceId }) => resourceId)).toEqual(["heir", "heir"]);
      const threads = await storage.listThreads({ filter: { resourceId: "heir" } });
      expect(threads.threads.map(({ id }) => id)).toContain(thread.id);
      const left = await storage.listThreads({ filter: { resourceId: thread.resourceId } });
      expect(left.threads).toEqual([]);
    });
  });

  describe("messages asked for by id", () => {
    it("come from other resources unless one is named, with neighbours and in order", async () => {
      const [a, other, b] = [await newThread(), await newThread(), await newThread()];
      const as = [1, 2, 3].map((minute) => message(a.id, minute, a.resourceId));
      const mine = message(b.id, 4, b.resourceId);
      await storage.saveMessages({ messages: [...as, mine, message(other.id, 2, "third")] });
      const id = as[1]?.id ?? "";
      const include = [{ id, withPreviousMessages: 1, withNextMessages: 1 }];
      const all = await storage.listMessages({ threadId: b.id, include });
      expect(all.messages.map((one) => one.id)).toEqual([...as, mine].map((one) => one.id));
      expect(all).toMatchObject({ total: 1, hasMore: false });
      const none = await open().listMessages({ threadId: b.id, include, perPage: 0 });
      expect(none.messages.map((one) => one.id)).toEqual(as.map((one) => one.id));
      const own = await storage.listMessages({
        threadId: b.id,
        resourceId: b.resourceId,
        include,
      });
      expect(own.messages.map((one) => one.id)).toEqual([mine.id]);
    });

    it("stand beside the page of several threads, and are not counted in it", async () => {
      const [a, b, c] = [await newThread(), await newThread(), await newThread()];
      const messages = [a, b, c].map((thread, at) => message(thread.id, at, thread.resourceId));
      await storage.saveMessages({ messages });
      const page = await storage.listMessages({
        threadId: [a.id, b.id],
        perPage: 1,
        include: [{ id: messages[2]?.id ?? "" }],
      });
      expect(page.messages.map(({ id }) => id)).toEqual([messages[0]?.id, messages[2]?.id]);
      expect(page).toMatchObject({ total: 2, hasMore: true });
    });
  });

  describe("a message that is saved again", () => {
    it("moves to another thread of another resource", async () => {
      const [from, to] = [await newThread(), await newThread()];
      const saved = message(from.id, 1, from.resourceId);
      await storage.saveMessages({ messages: [saved] });
      const moved = { ...saved, threadId: to.id, resourceId: to.resourceId };
      await storage.saveMessages({ messages: [moved] });
      expect(await idsOf(from.id)).toEqual([]);
      expect(await idsOf(to.id)).toEqual([saved.id]);
      const { messages } = await open().listMessagesById({ messageIds: [saved.id] });
      expect(messages.map(({ threadId }) => threadId)).toEqual([to.id]);
    });

    it("is moved by an update, and both threads are touched", async () => {
      const [from, to] = [await newThread(), await newThread()];
      const saved = message(from.id, 1, from.resourceId);
      await storage.saveMessages({ messages: [saved] });
      const before = await Promise.all([from, to].map(updatedAt));
      const patch = { id: saved.id, threadId: to.id, resourceId: to.resourceId };
      await open().updateMessages({ messages: [patch] });
      const after = await Promise.all([from, to].map(updatedAt));
      expect(after.map((at, i) => at > (before[i] ?? 0))).toEqual([true, true]);
      expect([await idsOf(from.id), await idsOf(to.id)]).toEqual([[], [saved.id]]);
    });
  });

  it("takes all of a batch or nothing", async () => {
    const thread = await newThread();
    const good = message(thread.id, 1, thread.resourceId);
    const bad = { ...message(thread.id, 2, "guest"), resourceId: null } as never;
    await expect(storage.saveMessages({ messages: [good, bad] })).rejects.toThrow("resourceId");
    const homeless = { ...message(thread.id, 3, "guest"), threadId: " " };
    await expect(storage.saveMessages({ messages: [good, homeless] })).rejects.toThrow("thread");
    expect(await idsOf(thread.id)).toEqual([]);
  });

  it("keeps what is said at the same time in one thread", async () => {
    const thread = await newThread();
    const messages = Array.from({ length: 40 }, (_each, at) =>
      message(thread.id, at, thread.resourceId),
    );
    const before = await updatedAt(thread);
    await Promise.all(messages.map((one) => storage.saveMessages({ messages: [one] })));
    expect((await idsOf(thread.id)).toSorted()).toEqual(messages.map(({ id }) => id).toSorted());
    expect(await updatedAt(thread)).toBeGreaterThan(before);
  });

  it("reads again a thread and a resource that were saved with nulls", async () => {
    const at = new Date();
    const id = randomUUID();
    const thread = { id, resourceId: "ada", title: null, metadata: null } as never as object;
    await storage.saveThread({ thread: { ...thread, createdAt: at, updatedAt: at } as never });
    expect((await storage.getThreadById({ threadId: id }))?.metadata).toBeUndefined();
    const resource = { id, workingMemory: null, metadata: null, createdAt: at, updatedAt: at };
    await storage.saveResource({ resource: resource as never });
    expect((await storage.getResourceById({ resourceId: id }))?.workingMemory).toBeUndefined();
  });

  it("says in Mastra's words what is wrong", async () => {
    const { id: threadId } = await newThread();
    const failures: readonly (readonly [Promise<unknown>, string])[] = [
      [storage.listMessages({ threadId: " " }), "threadId must be a non-empty string"],
      [storage.listMessages({ threadId: [] }), "threadId must be a non-empty string or array"],
      [storage.listMessages({ threadId, perPage: -5 }), "perPage must be >= 0"],
      [storage.listMessages({ threadId, page: -1 }), "page must be >= 0"],
      [storage.listMessages({ threadId, page: 2 ** 53, perPage: 9 }), "page value too large"],
      [storage.listThreads({ page: 1, perPage: false }), "page must be 0 when perPage is false"],
      [storage.listThreads({ filter: { metadata: { "a'b": 1 } } }), "Invalid metadata key"],
      [storage.updateThread({ id: "none", title: "" }), "Thread with id none not found"],
      [storage.cloneThread({ sourceThreadId: "none" }), "Source thread with id none not found"],
      [
        storage.cloneThread({ sourceThreadId: threadId, newThreadId: threadId }),
        `Thread with id ${threadId} already exists`,
      ],
    ];
    for (const [failure, words] of failures) await expect(failure).rejects.toThrow(words);
  });

  async function updatedAt({ id }: StorageThreadType): Promise<number> {
    return (await storage.getThreadById({ threadId: id }))?.updatedAt.getTime() ?? 0;
  }
});

function message(
  threadId: string,
  minute: number,
  resourceId: string | undefined,
): MastraDBMessage {
  const content = `said at ${minute}`;
  return {
    id: randomUUID(),
    threadId,
    ...(resourceId === undefined ? {} : { resourceId }),
    role: "user",
    createdAt: new Date(Date.UTC(2026, 0, 1, 0, minute)),
    content: { format: 2, content, parts: [{ type: "text", text: content }] },
  };
}
