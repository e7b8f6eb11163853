/** Observational memory: each call does what Mastra's own in-memory storage does. */
import { createMemOS, type MemOS } from "@memcube/core";
import { memoryStorage } from "@memcube/core/testing";
import { MemCubeMemoryStorage } from "@memcube/mastra";
import {
  InMemoryStore,
  type MemoryStorage,
  type ObservationalMemoryRecord,
} from "@mastra/core/storage";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";

const open: MemOS[] = [];
afterEach(async () => {
  for (const os of open.splice(0)) await os.close();
});

function storages(): { ours: MemoryStorage; theirs: MemoryStorage } {
  const os = createMemOS({ storage: memoryStorage() });
  open.push(os);
  return { ours: new MemCubeMemoryStorage({ os }), theirs: mastrasOwn() };
}

function mastrasOwn(): MemoryStorage {
  const { memory } = new InMemoryStore().stores;
  if (memory === undefined) throw new Error("Mastra's InMemoryStore has no memory.");
  return memory;
}

const DAY = (day: number) => new Date(Date.UTC(2026, 1, day));

interface Step {
  readonly name: string;
  readonly run: (storage: MemoryStorage, id: string) => Promise<unknown>;
}

const text = fc.string({ minLength: 1, maxLength: 12 });
const tokens = fc.integer({ min: 0, max: 4_000 });
const current = async (storage: MemoryStorage) => {
  const record = await storage.getObservationalMemory("t1", "ada");
  if (record === null) throw new Error("no record");
  return record;
};

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(text, tokens, fc.integer({ min: 1, max: 9 })).map(([observations, tokenCount, day]) => ({
    name: "updateActiveObservations",
    run: async (storage: MemoryStorage, id: string) => {
      const lastObservedAt = DAY(day);
      const observedMessageIds = [`m${day}`];
      await storage.updateActiveObservations({
        id,
        observations,
        tokenCount,
        lastObservedAt,
        observedMessageIds,
      });
    },
  })),
  fc
    .tuple(text, tokens, tokens, fc.integer({ min: 1, max: 9 }))
    .map(([observations, tokenCount, messageTokens, day]) => ({
      name: `updateBufferedObservations c${day}`,
      run: async (storage: MemoryStorage, id: string) => {
        const cycleId = `c${day}`;
        const lastObservedAt = DAY(day);
        const chunk = {
          cycleId,
          observations,
          tokenCount,
          messageIds: [cycleId],
          messageTokens,
          lastObservedAt,
        };
        await storage.updateBufferedObservations({ id, chunk, lastBufferedAtTime: DAY(day) });
      },
    })),
  fc
    .record({
      activationRatio: fc.constantFrom(0, 0.3, 0.8, 1),
      messageTokensThreshold: tokens,
      currentPendingTokens: fc.integer({ min: 0, max: 12_000 }),
      forceMaxActivation: fc.boolean(),
    })
    .map((aim) => ({
      name: `swapBufferedToActive ${JSON.stringify(aim)}`,
      run: async (storage: MemoryStorage, id: string) =>
        await storage.swapBufferedToActive({ id, ...aim }),
    })),
  fc.tuple(text, tokens, fc.integer({ min: 0, max: 3 })).map(([reflection, tokenCount, lines]) => ({
    name: "updateBufferedReflection",
    run: async (storage: MemoryStorage, id: string) => {
      const counted = { tokenCount, inputTokenCount: tokenCount * 2 };
      await storage.updateBufferedReflection({
        id,
        reflection,
        ...counted,
        reflectedObservationLineCount: lines,
      });
    },
  })),
  tokens.map((tokenCount) => ({
    name: "swapBufferedReflectionToActive",
    run: async (storage: MemoryStorage) =>
      await storage.swapBufferedReflectionToActive({
        currentRecord: await current(storage),
        tokenCount,
      }),
  })),
  fc.tuple(text, tokens).map(([reflection, tokenCount]) => ({
    name: "createReflectionGeneration",
    run: async (storage: MemoryStorage) =>
      await storage.createReflectionGeneration({
        currentRecord: await current(storage),
        reflection,
        tokenCount,
      }),
  })),
  fc.tuple(fc.boolean(), tokens).map(([flag, count]) => ({
    name: "flags",
    run: async (storage: MemoryStorage, id: string) => {
      await storage.setReflectingFlag(id, flag);
      await storage.setObservingFlag(id, !flag);
      await storage.setBufferingObservationFlag(id, flag, count);
      await storage.setBufferingReflectionFlag(id, flag);
      await storage.setPendingMessageTokens(id, count);
      await storage.updateObservationalMemoryConfig({
        id,
        config: { deep: { [String(flag)]: count } },
      });
    },
  })),
  fc.integer({ min: 0, max: 3 }).map((limit) => ({
    name: "getObservationalMemoryHistory",
    run: async (storage: MemoryStorage) =>
      await storage.getObservationalMemoryHistory("t1", "ada", limit, { offset: 1 }),
  })),
);

describe("observational memory", () => {
  it("does what InMemoryStore does", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 25 }), async (steps) => {
        const { ours, theirs } = storages();
        for (const storage of [ours, theirs]) {
          const config = { deep: { kept: true } };
          await storage.initializeObservationalMemory({
            threadId: "t1",
            resourceId: "ada",
            scope: "thread",
            config,
          });
        }
        for (const { name, run } of steps) {
          const wanted = await outcome(run, theirs);
          expect({ name, ...(await outcome(run, ours)) }).toEqual({ name, ...wanted });
        }
      }),
      { numRuns: 40 },
    );
  });

  it("is kept for the thread or for the resource, and goes with the thread", async () => {
    const { ours } = storages();
    const createdAt = DAY(1);
    await ours.saveThread({
      thread: { id: "t1", resourceId: "ada", createdAt, updatedAt: createdAt },
    });
    await ours.initializeObservationalMemory({
      threadId: "t1",
      resourceId: "ada",
      scope: "thread",
      config: {},
    });
    await ours.initializeObservationalMemory({
      threadId: null,
      resourceId: "ada",
      scope: "resource",
      config: {},
    });
    expect(await ours.getObservationalMemory("t2", "ada")).toBeNull();
    expect(await ours.getObservationalMemory("t1", "ada")).toMatchObject({ scope: "thread" });
    await ours.deleteThread({ threadId: "t1" });
    expect(await ours.getObservationalMemory("t1", "ada")).toBeNull();
    expect(await ours.getObservationalMemory(null, "ada")).toMatchObject({ scope: "resource" });
    await ours.dangerouslyClearAll();
    expect(await ours.getObservationalMemory(null, "ada")).toBeNull();
  });

  it("loses no update of two that come at once", async () => {
    const { ours } = storages();
    const { id } = await ours.initializeObservationalMemory({
      threadId: "t1",
      resourceId: "ada",
      scope: "thread",
      config: {},
    });
    const chunk = (n: number) => ({
      cycleId: `c${n}`,
      observations: `o${n}`,
      tokenCount: 1,
      messageIds: [],
      messageTokens: 1,
      lastObservedAt: DAY(n),
    });
    await Promise.all(
      [1, 2, 3].map((n) => ours.updateBufferedObservations({ id, chunk: chunk(n) })),
    );
    const record = await ours.getObservationalMemory("t1", "ada");
    expect(record?.bufferedObservationChunks?.map(({ cycleId }) => cycleId).toSorted()).toEqual([
      "c1",
      "c2",
      "c3",
    ]);
  });
});

/** What a call gives and leaves, but for ids and the times at which it was made. */
async function outcome(run: Step["run"], storage: MemoryStorage): Promise<object> {
  const { id } = await current(storage);
  let result: unknown;
  try {
    result = await run(storage, id);
  } catch {
    result = "an error";
  }
  const records = await storage.getObservationalMemoryHistory("t1", "ada");
  return { result: comparable(result), records: comparable(records) };
}

const APART: ReadonlySet<string> = new Set<keyof ObservationalMemoryRecord>([
  "id",
  "createdAt",
  "updatedAt",
]);

function comparable(value: unknown): unknown {
  const json = JSON.stringify(value ?? "nothing", (key, member: unknown) =>
    APART.has(key) ? undefined : member,
  );
  // A reflection's time of observation is that of the call where nothing was observed before.
  return JSON.parse(
    json
      .replaceAll(/"lastObservedAt":"2026-(?!02)[^"]*"/g, '"lastObservedAt":"now"')
      .replaceAll(/boundary \(2026-(?!02)[^)]*\)/g, "boundary (now)"),
  ) as unknown;
}
