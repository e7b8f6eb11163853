import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

import { isMemCubeError, type Storage, type ThreadChunk, type Threads } from "@memcube/core";
import { memoryStorage } from "@memcube/core/testing";
import { sqliteStorage } from "@memcube/sqlite";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";

// Steps of threads at random by two processes' connections to one file, logged and laid out as it comes,
// beside the storage in memory that has neither: all that is read must be the same. `MEMCUBE_MODEL_RUNS=50`
// runs fifty times as many.
const TIMES = Number(process.env["MEMCUBE_MODEL_RUNS"] ?? 1);

/** Each run has a tenant of its own. */
type Act = (threads: Threads, now: number, tenantId: string) => Promise<unknown>;

interface Command {
  readonly what: string;
  /** Which connection takes it. */
  readonly second: boolean;
  readonly waits: boolean;
  readonly act: Act;
}

const HASHES = ["a", "b", "c", "d"];
const text = (name: string) => Buffer.from(`\u0003${name.repeat(20)}`);

/** A chunk says what it needs: those that come before it. */
function chunkOf(hash: string): ThreadChunk {
  const at = HASHES.indexOf(hash);
  return { hash, bytes: text(hash), needs: at % 2 === 1 ? HASHES.slice(at - 1, at) : [] };
}

const owner = "user:ada" as const;
const threadId = fc.constantFrom("1", "1", "2");
/** The step so many before. */
const back = fc.integer({ min: 1, max: 12 });
const idAt = (now: number) => String(now).padStart(9, "0");
const hashes = fc.uniqueArray(fc.constantFrom(...HASHES), { maxLength: 3 });
const expiry = fc.constantFrom(undefined, undefined, undefined, 5, 30);
const withExpiry = (now: number, after: number | undefined) =>
  after === undefined ? {} : { expiresAt: now + after };

// Each put has an id of its own: when one is replaced, what only it needed may go at once or later.
const put = fc
  .tuple(threadId, hashes, hashes, expiry)
  .map(([thread, named, given, after]): [string, Act] => [
    `put ${thread} names ${named.join("")} gives ${given.join("")} ttl ${after}`,
    async (threads, now, tenantId) =>
      await threads.put(
        { tenantId, owner, threadId: thread },
        {
          checkpoint: { namespace: "", id: idAt(now), value: text(`${now}`), chunks: named },
          chunks: given.map(chunkOf),
          packable: threads.packs === true,
          now,
          ...withExpiry(now, after),
        },
      ),
  ]);
const putWrites = fc
  .tuple(threadId, back, hashes, hashes, fc.integer({ min: -1, max: 2 }))
  .map(([thread, name, named, given, index]): [string, Act] => [
    `write ${thread}/${name}:${index} names ${named.join("")} gives ${given.join("")}`,
    async (threads, now, tenantId) =>
      await threads.putWrites(
        { tenantId, owner, threadId: thread },
        {
          namespace: "",
          checkpointId: idAt(now - 2 * name),
          writes: [{ taskId: "task", index, value: text(`${index}-${now}`), chunks: named }],
          chunks: given.map(chunkOf),
          packable: threads.packs === true,
          now,
        },
      ),
  ]);
const removal = fc.oneof(
  threadId.map((thread): [string, Act] => [
    `delete ${thread}`,
    async (threads, _now, tenantId) => await threads.delete({ tenantId, owner, threadId: thread }),
  ]),
  fc
    .tuple(threadId, back)
    .map(([thread, name]): [string, Act] => [
      `delete ${thread}/${name}`,
      async (threads, now, tenantId) =>
        await threads.deleteCheckpoints({ tenantId, owner, threadId: thread }, [
          { namespace: "", id: idAt(now - 2 * name) },
        ]),
    ]),
  fc.constant<[string, Act]>(["sweep", async (threads, now) => await threads.sweep(now)]),
);
const reading = fc.oneof(
  fc
    .tuple(threadId, fc.option(back, { nil: undefined }), fc.boolean())
    .map(([thread, name, withoutChunks]): [string, Act] => [
      `get ${thread}/${name}`,
      async (threads, now, tenantId) => {
        const named = name === undefined ? {} : { id: idAt(now - 2 * name) };
        const found = await threads.get(
          { tenantId, owner, threadId: thread },
          { namespace: "", ...named, withoutChunks, now },
        );
        // Chunks may come with what asks for none.
        return found && { ...found, chunks: withoutChunks ? [] : found.chunks };
      },
    ]),
  fc
    .tuple(threadId, fc.boolean())
    .map(([thread, bare]): [string, Act] => [
      `list ${thread}`,
      async (threads, now, tenantId) =>
        await threads.list({ tenantId, owner, threadId: thread }, { bare, limit: 3, now }),
    ]),
  fc.constant<[string, Act]>([
    "threads",
    async (threads, now, tenantId) => await threads.threads({ tenantId, owner, limit: 9, now }),
  ]),
);

const command = fc
  .tuple(
    fc.oneof({ weight: 6, arbitrary: put }, { weight: 3, arbitrary: putWrites }, removal, {
      weight: 3,
      arbitrary: reading,
    }),
    fc.boolean(),
    fc.nat(19).map((one) => one === 0),
  )
  .map(([[what, act], second, waits]): Command => ({ what, second, waits, act }));

/** What a reader can tell: bytes unpacked, chunks and writes in an order of their own. */
function visible(value: unknown): unknown {
  if (value instanceof Uint8Array) return "bytes";
  if (value instanceof Map) return new Set(value.keys());
  if (Array.isArray(value)) return value.map(visible);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === "cursor"
        ? "more"
        : key === "writes"
          ? visible((inner as { index: number }[]).toSorted((a, b) => a.index - b.index))
          : visible(inner),
    ]),
  );
}

async function outcomeOf(run: Promise<unknown>): Promise<unknown> {
  try {
    return visible(await run);
  } catch (error) {
    if (!isMemCubeError(error)) throw error;
    return error.code;
  }
}

let directory: string;
let connections: readonly Storage[];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "memcube-threads-"));
  const open = () => sqliteStorage({ path: join(directory, "memory.db"), durability: "process" });
  connections = [await open(), await open()];
});

afterAll(async () => {
  await Promise.all(connections.map((storage) => storage.close()));
  rmSync(directory, { recursive: true });
});

test("steps by two connections are read as if none had been logged", async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 40 }), async (commands) => {
      const tenantId = `tenant-${(run += 1)}`;
      const model = memoryStorage();
      const done: string[] = [];
      let now = 1_000 * run;
      for (const { what, second, waits, act } of commands) {
        now += 2;
        done.push(`${second ? "second" : "first"}: ${what}`);
        const expected = await outcomeOf(act(model.threads, now, tenantId));
        const { threads } = connections[second ? 1 : 0] as Storage;
        expect(await outcomeOf(act(threads, now, tenantId)), done.join("\n")).toEqual(expected);
        // The journal is laid out meanwhile.
        if (waits) await setTimeout(110);
      }
      await connections[0]?.threads.sweep(now + 100);
    }),
    { numRuns: 60 * TIMES },
  );
});
