/** MemCubeMemoryStorage behaves as Mastra's own in-memory storage, call by call. */
import { createMemOS, type MemOS } from "@memcube/core";
import { memoryStorage } from "@memcube/core/testing";
import { MemCubeMemoryStorage } from "@memcube/mastra";
import type { MastraDBMessage, StorageThreadType } from "@mastra/core/memory";
import { InMemoryStore, type MemoryStorage } from "@mastra/core/storage";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";

const THREADS = ["t1", "t2", "t3"] as const;
const RESOURCES = ["ada", "bob"] as const;
const MESSAGES = ["m1", "m2", "m3", "m4", "m5", "m6"] as const;
/** A thread is one resource's; a message in it may name another. */
const RESOURCE_OF: Readonly<Record<string, string>> = { t1: "ada", t2: "ada", t3: "bob" };

type Step = (storage: MemoryStorage) => Promise<unknown>;
interface NamedStep {
  readonly name: string;
  readonly run: Step;
}

const thread = fc.constantFrom(...THREADS);
const resource = fc.constantFrom(...RESOURCES);
const messageId = fc.constantFrom(...MESSAGES);
/** Different for each message, so that an order by time is one order. */
const minute = fc.integer({ min: 0, max: 50 });
const timeOf = (id: string, at: number) =>
  new Date(Date.UTC(2026, 0, 1, 0, at, MESSAGES.indexOf(id as never)));

function message(
  id: string,
  threadId: string,
  at: number,
  resourceId: string,
  flag: boolean,
): MastraDBMessage {
  return {
    id,
    threadId,
    resourceId,
    role: at % 2 === 0 ? "user" : "assistant",
    type: "text",
    createdAt: timeOf(id, at),
    content: {
      format: 2,
      parts: [{ type: "text", text: `said ${id} at ${at}` }],
      ...(flag ? { metadata: { flag } } : {}),
    },
  };
}

function threadRecord(id: string): StorageThreadType {
  const createdAt = new Date(Date.UTC(2026, 0, 1 + THREADS.indexOf(id as never)));
  const resourceId = RESOURCE_OF[id] ?? "ada";
  return {
    id,
    resourceId,
    title: `about ${id}`,
    metadata: { n: 1 },
    createdAt,
    updatedAt: createdAt,
  };
}

const paging = {
  page: fc.integer({ min: 0, max: 2 }),
  perPage: fc.oneof(
    fc.integer({ min: 0, max: 4 }),
    fc.constant(false as const),
    fc.constant(undefined),
  ),
  direction: fc.constantFrom("ASC" as const, "DESC" as const),
};

const step: fc.Arbitrary<NamedStep> = fc.oneof(
  thread.map((id) => ({
    name: `saveThread ${id}`,
    run: async (storage: MemoryStorage) => await storage.saveThread({ thread: threadRecord(id) }),
  })),
  fc.tuple(thread, fc.string({ maxLength: 5 }), fc.boolean()).map(([id, title, flag]) => ({
    name: `updateThread ${id} ${title}`,
    run: async (storage: MemoryStorage) =>
      await storage.updateThread({ id, title, metadata: { flag } }),
  })),
  thread.map((threadId) => ({
    name: `deleteThread ${threadId}`,
    run: async (storage: MemoryStorage) => {
      await storage.deleteThread({ threadId });
    },
  })),
  fc
    .uniqueArray(fc.tuple(messageId, thread, minute, resource, fc.boolean()), {
      minLength: 1,
      maxLength: 3,
      selector: ([id]) => id,
    })
    .map((some) => ({
      name: `saveMessages ${JSON.stringify(some)}`,
      run: async (storage: MemoryStorage) => {
        const messages = some.map((each) => message(...each));
        await storage.saveMessages({ messages });
      },
    })),
  fc.tuple(messageId, fc.boolean()).map(([id, done]) => ({
    name: `updateMessages ${id}`,
    run: async (storage: MemoryStorage) =>
      await storage.updateMessages({
        messages: [{ id, content: { metadata: { done } } as never }],
      }),
  })),
  fc.uniqueArray(messageId, { maxLength: 2 }).map((ids) => ({
    name: `deleteMessages ${ids.join()}`,
    run: async (storage: MemoryStorage) => await storage.deleteMessages(ids),
  })),
  fc.record({ threadId: thread, ...paging, flag: fc.boolean() }).map((given) => ({
    name: `listMessages ${JSON.stringify(given)}`,
    run: async (storage: MemoryStorage) => {
      const { direction, flag, ...listing } = given;
      return await storage.listMessages({
        ...listing,
        orderBy: { field: "createdAt", direction },
        ...(flag ? { filter: { metadata: { flag } } } : {}),
      });
    },
  })),
  fc
    .tuple(thread, messageId, minute, minute, fc.boolean(), fc.option(resource))
    .map(([threadId, id, from, to, exclusive, of]) => ({
      name: `listMessages ${threadId} of ${of} around ${id}, ${from}-${to}`,
      run: async (storage: MemoryStorage) => {
        const start = timeOf("m1", Math.min(from, to));
        const end = timeOf("m6", Math.max(from, to));
        return await storage.listMessages({
          threadId,
          ...(of === null ? {} : { resourceId: of }),
          perPage: 2,
          include: [{ id, withPreviousMessages: 1, withNextMessages: 1 }],
          filter: { dateRange: { start, end, startExclusive: exclusive, endExclusive: exclusive } },
        });
      },
    })),
  fc.record({ resourceId: resource, ...paging }).map((given) => ({
    name: `listMessagesByResourceId ${JSON.stringify(given)}`,
    run: async (storage: MemoryStorage) => {
      const { direction, ...listing } = given;
      const orderBy = { field: "createdAt" as const, direction };
      return await storage.listMessagesByResourceId({ ...listing, orderBy });
    },
  })),
  fc.uniqueArray(messageId).map((messageIds) => ({
    name: `listMessagesById ${messageIds.join()}`,
    run: async (storage: MemoryStorage) => await storage.listMessagesById({ messageIds }),
  })),
  fc.record({ filter: fc.option(fc.record({ resourceId: resource })), ...paging }).map((given) => ({
    name: `listThreads ${JSON.stringify(given)}`,
    run: async (storage: MemoryStorage) => {
      const { direction, filter, ...listing } = given;
      const orderBy = { field: "createdAt" as const, direction };
      return await storage.listThreads({ ...listing, ...(filter ? { filter } : {}), orderBy });
    },
  })),
  fc.tuple(resource, fc.string({ maxLength: 9 }), fc.boolean()).map(([resourceId, text, flag]) => ({
    name: `updateResource ${resourceId}`,
    run: async (storage: MemoryStorage) =>
      await storage.updateResource({ resourceId, workingMemory: text, metadata: { [text]: flag } }),
  })),
  resource.map((resourceId) => ({
    name: `getResourceById ${resourceId}`,
    run: async (storage: MemoryStorage) => await storage.getResourceById({ resourceId }),
  })),
);

const open: MemOS[] = [];
afterEach(async () => {
  for (const os of open.splice(0)) await os.close();
});

const SCOPES = {
  "a cube for each resource": undefined,
  "one cube for all": { caller: { userId: "app" } },
};

describe.each(Object.entries(SCOPES))("MemCubeMemoryStorage with %s", (_, scope) => {
  it("does what InMemoryStore does", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
        const os = createMemOS({ storage: memoryStorage() });
        open.push(os);
        const ours = new MemCubeMemoryStorage({ os, ...(scope === undefined ? {} : { scope }) });
        const { memory: theirs } = new InMemoryStore().stores;
        if (theirs === undefined) throw new Error("Mastra's InMemoryStore has no memory.");
        for (const id of THREADS) {
          await theirs.saveThread({ thread: threadRecord(id) });
          await ours.saveThread({ thread: threadRecord(id) });
        }
        for (const { name, run } of steps) {
          const wanted = await outcome(run, theirs);
          expect({ name, ...(await outcome(run, ours)) }).toEqual({ name, ...wanted });
        }
      }),
      { numRuns: 40 },
    );
  });
});

/** The result with what can't be the same left out: times of change, and the words of an error. */
async function outcome(run: Step, storage: MemoryStorage): Promise<{ result: unknown }> {
  try {
    const result = (await run(storage)) ?? "nothing";
    return { result: JSON.parse(JSON.stringify(result, withoutTimes)) as unknown };
  } catch {
    return { result: "an error" };
  }
}

function withoutTimes(this: unknown, key: string, value: unknown): unknown {
  const ofResource = key === "createdAt" && Object.hasOwn(this as object, "workingMemory");
  return key === "updatedAt" || ofResource ? undefined : value;
}
