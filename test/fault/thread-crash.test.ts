import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";

import type { Threads } from "@memcube/core";
import { sqliteStorage } from "@memcube/sqlite";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { type AcknowledgedStep, threadOf } from "./acknowledged-step.ts";
import { startWriter } from "./killable-writer.ts";

/** `MEMCUBE_CRASH_ROUNDS=20 pnpm test test/fault` for the long one. */
const rounds = Number(process.env["MEMCUBE_CRASH_ROUNDS"] ?? 4);
const LONGEST_MS = 600;

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "memcube-crash-"));
  path = join(directory, "memory.db");
});

afterEach(() => rm(directory, { recursive: true, force: true }));

/** Checkpoints of one thread that must be there, and such that must not. */
class Expected {
  readonly there = new Set<string>();
  readonly gone = new Set<string>();

  take(line: AcknowledgedStep): void {
    if ("put" in line) this.there.add(line.put);
    else if ("removing" in line) for (const id of line.removing) this.there.delete(id);
    else for (const id of line.removed) this.gone.add(id);
  }
}

/** All that was acknowledged is there with all that it needs, and nothing that was removed. */
async function check(threads: Threads, threadId: string, expected: Expected): Promise<number> {
  const thread = threadOf(threadId);
  const { items } = await threads.list(thread, { limit: 1_000_000, bare: true, now: Date.now() });
  const ids = new Set(items.map(({ checkpoint }) => checkpoint.id));
  const lost = [...expected.there].filter((id) => !ids.has(id));
  const back = [...expected.gone].filter((id) => ids.has(id));
  assert.deepEqual({ lost, back }, { lost: [], back: [] }, threadId);
  for (const id of ids) {
    const found = await threads.get(thread, { namespace: "", id, now: Date.now() });
    assert.ok(found, id);
    const { checkpoint, writes, chunks } = found;
    if (expected.there.has(id)) assert.equal(writes.length, 1, `the write of ${id}`);
    const needs = [...chunks.values()].flatMap((chunk) => chunk.needs);
    for (const hash of [...checkpoint.chunks, ...needs]) assert.ok(chunks.has(hash), hash);
  }
  return ids.size;
}

/** Steps that wait to be laid out. */
function waiting(): number {
  const db = new DatabaseSync(path, { readOnly: true });
  const row = db.prepare("SELECT count(*) AS n FROM thread_journal WHERE thread > 0").get();
  db.close();
  return Number(row?.["n"]);
}

for (const [writers, durability] of [
  [1, "power"],
  [3, "process"],
] as const) {
  test(
    `steps of threads: writers: ${writers}, durability "${durability}", killed ${rounds} times`,
    { timeout: 20_000 * rounds },
    async () => {
      const expected = new Map<string, Expected>();
      for (let round = 0; round < rounds; round += 1) {
        const running = Array.from({ length: writers }, (_, index) =>
          startWriter<AcknowledgedStep>("thread-writer-process.ts", [
            path,
            `${index}`,
            String(round),
            durability,
          ]),
        );
        await Promise.all(running.map(({ begun }) => begun));
        await pause(LONGEST_MS * Math.random());
        for (const { child } of running) child.kill("SIGKILL");
        for (const writer of running) {
          for (const line of await writer.lines()) {
            const one = expected.get(line.thread) ?? new Expected();
            expected.set(line.thread, one);
            one.take(line);
          }
        }
        const storage = await sqliteStorage({ path, durability: "process" });
        let checkpoints = 0;
        for (const [threadId, one] of expected)
          checkpoints += await check(storage.threads, threadId, one);
        expect(checkpoints).toBeGreaterThan(0);
        await vi.waitFor(() => expect(waiting()).toBe(0), 5_000);
        await storage.close();
      }
    },
  );
}
