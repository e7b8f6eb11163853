import {
  type ChunkMap,
  type PendingWrite,
  sha256Hex,
  type Storage,
  type StoredCheckpoint,
  type ThreadChunk,
  type ThreadRef,
  type Threads,
} from "@memcube/core";
import { memoryStorage } from "@memcube/core/testing";
import { redisStorage } from "@memcube/redis";
import fc from "fast-check";
import { createClient } from "redis";
import { expect, test } from "vitest";

import { describeRedis } from "../servers/describe-redis.ts";
import { tell } from "../servers/redis-cluster.ts";
import { errorOf, withServer } from "./with-server.ts";

const THREAD: ThreadRef = { tenantId: "t", owner: "user:ada", threadId: "thread" };
const MINE = { tenantId: "t", owner: "user:ada", limit: 10, now: 1 } as const;
const NAMESPACES = ["", "child", "child|1"];

/** Some small, some too large for a page; a third is named by 128 bits, as the core does. */
const CHUNKS = Array.from({ length: 40 }, (_, at): ThreadChunk => {
  const bytes = new Uint8Array(at % 7 === 0 ? 3_000 : 20 * at).fill(at);
  const hash = sha256Hex(new Uint8Array([at]));
  return { hash: at % 3 === 0 ? hash.slice(0, 32) : hash, bytes, needs: [] };
});
/** Each needs two others. */
const PARENTS = CHUNKS.slice(2).map((chunk, at): ThreadChunk => {
  const needs = [CHUNKS[at]?.hash ?? "", CHUNKS[at + 1]?.hash ?? ""];
  return { ...chunk, hash: sha256Hex(new Uint8Array([at, 1])).slice(0, 32), needs };
});
const ALL = [...CHUNKS, ...PARENTS];

const small = fc.nat({ max: 39 });
const place = { namespace: fc.constantFrom(...NAMESPACES), id: fc.nat({ max: 40 }) };
const stepOf = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("put" as const),
      ...place,
      roots: fc.array(small, { maxLength: 4 }),
      given: fc.array(small, { maxLength: 6 }),
      size: fc.constantFrom(0, 30, 300, 2_000),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("writes" as const),
      ...place,
      roots: fc.array(small, { maxLength: 2 }),
      given: fc.array(small, { maxLength: 3 }),
      size: fc.constantFrom(5, 1_500),
      tasks: fc.array(fc.tuple(fc.nat({ max: 3 }), fc.integer({ min: -2, max: 2 })), {
        maxLength: 5,
      }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("prune" as const),
      places: fc.array(fc.record(place), { maxLength: 12 }),
    }),
  },
);
type Step = typeof stepOf extends fc.Arbitrary<infer T> ? T : never;

const idOf = (id: number): string => String(id).padStart(3, "0");

async function take(threads: Threads, step: Step): Promise<unknown> {
  if (step.kind === "prune") {
    const places = step.places.map(({ namespace, id }) => ({ namespace, id: idOf(id) }));
    return await threads.deleteCheckpoints(THREAD, places);
  }
  const { namespace, size } = step;
  const hashes = step.roots.map((at) => ALL[2 * at]?.hash ?? "");
  const chunks = step.given.flatMap((at) => {
    const parent = PARENTS[at];
    const needed = ALL.filter(({ hash }) => parent?.needs.includes(hash));
    return [...CHUNKS.slice(at, at + 2), ...(parent === undefined ? [] : [parent, ...needed])];
  });
  const unique = [...new Map(chunks.map((chunk) => [chunk.hash, chunk])).values()];
  const common = { chunks: unique, now: 1 };
  const value = new Uint8Array(size).fill(step.id);
  if (step.kind === "put") {
    const checkpoint = { namespace, id: idOf(step.id), value, chunks: hashes };
    const parent = step.id % 3 === 0 ? {} : { parentId: idOf(Math.max(0, step.id - 2)) };
    return await threads.put(THREAD, { ...common, checkpoint: { ...checkpoint, ...parent } });
  }
  const writes = step.tasks.map(([task, index]) => {
    const path = task === 2 ? {} : { taskPath: `path ${task}` };
    return { taskId: `task ${task}`, index, value, chunks: hashes, ...path };
  });
  return await threads.putWrites(THREAD, {
    ...common,
    namespace,
    checkpointId: idOf(step.id),
    writes,
  });
}

/** What a step did: a code where it was refused. */
async function outcome(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
    return "done";
  } catch (error) {
    return (error as { readonly code?: unknown }).code;
  }
}

/** Every chunk in a line. */
const brief = (chunks: ChunkMap): readonly string[] =>
  Array.from(chunks.values(), ({ hash, needs, bytes }) =>
    [hash, needs.join(" "), bytes.length, sha256Hex(bytes)].join(", "),
  ).toSorted();
const nameOf = ({ taskId, index }: PendingWrite): string => `${taskId} ${index}`;

/** Each step of writes goes to the checkpoint that was put last. */
function inOrderOfSteps(steps: readonly (readonly [Step, boolean])[]): [Step, boolean][] {
  let last: { readonly namespace: string; readonly id: number } | undefined;
  return steps.flatMap(([step, isFirst]): [Step, boolean][] => {
    if (step.kind === "put") last = { namespace: step.namespace, id: step.id };
    if (step.kind !== "writes") return [[step, isFirst]];
    return last === undefined ? [] : [[{ ...step, ...last }, isFirst]];
  });
}

interface Glance {
  readonly namespace: string;
  readonly id?: string;
}

/** What is read after a step: its checkpoint, and the newest beside it. */
const glancesAt = (step: Step): Glance[] =>
  step.kind === "prune"
    ? []
    : [{ namespace: step.namespace, id: idOf(step.id) }, { namespace: step.namespace }];

async function glance(threads: Threads, query: Glance): Promise<unknown> {
  const found = await threads.get(THREAD, { ...query, withoutChunks: true, now: 1 });
  return found && inOrder(found);
}

const inOrder = <Item extends Pick<StoredCheckpoint, "writes">>(item: Item) => ({
  ...item,
  writes: item.writes.toSorted((a, b) => nameOf(a).localeCompare(nameOf(b))),
});

async function stateOf(threads: Threads): Promise<Readonly<Record<string, unknown>>> {
  const newest = await Promise.all(
    NAMESPACES.map(async (namespace) => {
      const found = await threads.get(THREAD, { namespace, now: 1 });
      return found && { ...inOrder(found), chunks: brief(found.chunks) };
    }),
  );
  const pages = await Promise.all(
    [{}, { namespace: "child" }, { before: "020" }, { limit: 3, bare: true }].map(async (query) => {
      const page = await threads.list(THREAD, { limit: 500, now: 1, ...query });
      return { items: page.items.map(inOrder), chunks: brief(page.chunks) };
    }),
  );
  const lineage = await threads.lineage(THREAD, { namespace: "", id: "036", limit: 50, now: 1 });
  const listed = await threads.threads(MINE);
  return { newest, pages, lineage: lineage.items.map(inOrder), listed: listed.items };
}

/** A storage in which something else happens once a command was answered, before it is told. */
async function openMeddled(
  url: string,
  after: (args: readonly unknown[]) => Promise<void>,
): Promise<Storage> {
  const client = createClient({ url });
  await client.connect();
  const send = client.sendCommand.bind(client);
  client.sendCommand = (async (args: string[], ...more: never[]) => {
    const reply: unknown = await send(args, ...more);
    await after(args);
    return reply;
  }) as typeof client.sendCommand;
  const storage = await redisStorage({ client });
  return {
    ...storage,
    close: async () => {
      await storage.close();
      client.destroy();
    },
  };
}

describeRedis("threads", () => {
  test(
    "two processes leave what one storage in memory is left with",
    { timeout: 120_000 },
    async () => {
      await withServer({}, async ({ server, open }) => {
        const one = await open();
        const two = await open();
        const steps = fc.array(fc.tuple(stepOf, fc.boolean()), { minLength: 80, maxLength: 160 });
        // In half of the runs writes come after their checkpoint.
        const runs = fc.tuple(steps, fc.boolean());
        await fc.assert(
          fc.asyncProperty(runs, async ([given, isOrdered]) => {
            const taken = isOrdered ? inOrderOfSteps(given) : given;
            await tell(server.port, "FLUSHDB");
            const model = memoryStorage().threads;
            for (const [step, isFirst] of taken) {
              const { threads } = isFirst ? one : two;
              expect(await outcome(take(threads, step))).toBe(await outcome(take(model, step)));
              for (const query of glancesAt(step))
                for (const port of [one.threads, two.threads])
                  expect(await glance(port, query)).toEqual(await glance(model, query));
            }
            const found = await stateOf(one.threads);
            const expected = await stateOf(model);
            for (const part of Object.keys(expected))
              expect([part, found[part]]).toEqual([part, expected[part]]);
          }),
          { numRuns: 50, seed: 7, endOnFailure: true },
        );
      });
    },
  );

  const putIn = (threads: Threads, now: number, expiresAt: number) =>
    threads.put(THREAD, {
      checkpoint: { namespace: "", id: "1", value: new Uint8Array(1), chunks: [] },
      chunks: [],
      now,
      expiresAt,
    });

  test("one that begins anew while another process deletes it is in the lists", async () => {
    await withServer({}, async ({ server, open }) => {
      const two = await open();
      await putIn(two.threads, 1, 100);
      let again: Promise<void> | undefined;
      const one = await openMeddled(server.url, async ([command, name]) => {
        if (command === "FCALL" && /delete.thread/u.test(String(name)))
          await (again ??= putIn(two.threads, 1, 100));
      });
      expect(await one.threads.delete(THREAD)).toBe(true);
      await one.close();
      expect(again).toBeDefined();
      expect((await two.threads.threads(MINE)).items).toHaveLength(1);
      expect(await two.threads.sweep(100)).toBe(1);
      expect((await two.threads.threads(MINE)).items).toEqual([]);
    });
  });

  test("one that begins anew while a listing finds its old entry stays in the list", async () => {
    await withServer({}, async ({ server, open }) => {
      const two = await open();
      await putIn(two.threads, 1, 1e9);
      await tell(server.port, "DEL", "memcube:{t:t:user%3a%ada:thread}:recent");
      const now = 10_000_000;
      let again: Promise<void> | undefined;
      const one = await openMeddled(server.url, async ([command]) => {
        if (command === "HGET") await (again ??= putIn(two.threads, now, 1e9));
      });
      expect((await one.threads.threads({ ...MINE, now })).items).toEqual([]);
      await one.close();
      expect(again).toBeDefined();
      expect((await two.threads.threads({ ...MINE, now })).items).toHaveLength(1);
    });
  });

  test("a listing goes on behind a thread of the same millisecond that was deleted meanwhile", async () => {
    await withServer({}, async ({ open }) => {
      const { threads } = await open();
      const ids = ["a-b", "aab", "B", "Z", "_", "a"].map((id) => ({ ...THREAD, threadId: id }));
      for (const thread of ids)
        await threads.put(thread, {
          checkpoint: { namespace: "", id: "1", value: new Uint8Array(1), chunks: [] },
          chunks: [],
          now: 1,
        });
      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await threads.threads({ ...MINE, limit: 1, ...(cursor && { cursor }) });
        for (const { threadId } of page.items) {
          found.push(threadId);
          await threads.delete({ ...THREAD, threadId });
        }
        ({ cursor } = page);
      } while (cursor !== undefined);
      expect(found).toEqual(["aab", "a-b", "a", "_", "Z", "B"]);
    });
  });

  test("a chunk that a lost write stored is looked for again", async () => {
    await withServer({}, async ({ server, open }) => {
      const { threads } = await open();
      const [first, second] = CHUNKS;
      if (first === undefined || second === undefined) throw new TypeError("no chunks");
      const put = (id: string, given: readonly ThreadChunk[], needs: readonly ThreadChunk[]) =>
        threads.put(THREAD, {
          checkpoint: {
            namespace: "",
            id,
            value: new Uint8Array(1),
            chunks: needs.map(({ hash }) => hash),
          },
          chunks: given,
          now: 1,
        });
      const key = "memcube:{t:t:user%3a%ada:thread}:recent";
      await put("1", [first], [first]);
      await tell(server.port, "COPY", key, "before");
      await put("2", [second], [second]);
      // A master that never got the last write takes over.
      await tell(server.port, "RENAME", "before", key);
      expect(await errorOf(put("3", [], [second]))).toMatchObject({
        code: "MEMCUBE_INVALID_INPUT",
      });
      await put("3", [], [first]);
      expect((await threads.get(THREAD, { namespace: "", now: 1 }))?.chunks.size).toBe(1);
    });
  });

  test("a long thread takes little more than what is in it", async () => {
    await withServer({}, async ({ server, open }) => {
      const { threads } = await open();
      let bytes = 0;
      for (let at = 0; at < 1_000; at += 1) {
        const content = new Uint8Array(200).fill(at % 256);
        const hash = sha256Hex(new Uint8Array([at % 256, at >> 8])).slice(0, 32);
        await threads.put(THREAD, {
          checkpoint: { namespace: "", id: idOf(at), value: content.slice(100), chunks: [hash] },
          chunks: [{ hash, bytes: content, needs: [] }],
          now: 1,
        });
        const write = { taskId: "task", index: 0, value: content.slice(150), chunks: [hash] };
        const checkpointId = idOf(at);
        const step = { namespace: "", checkpointId, writes: [write], chunks: [], now: 1 };
        await threads.putWrites(THREAD, step);
        bytes += 350;
      }
      const sizes = await Promise.all(
        ["recent", "data", "order"].map(async (name) => {
          const key = `memcube:{t:t:user%3a%ada:thread}:${name}`;
          return Number(await tell(server.port, "MEMORY", "USAGE", key, "SAMPLES", "0"));
        }),
      );
      expect(sizes.reduce((sum, size) => sum + size, 0) / bytes).toBeLessThan(1.9);
    });
  });
});
