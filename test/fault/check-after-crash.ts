import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { DatabaseSync } from "node:sqlite";

import {
  type CommitBody,
  commitBodySchema,
  type CubeRef,
  type LogEntry,
  type Storage,
  type StoredVersion,
} from "@memcube/core";

import { type Acknowledged, TENANT, wordOf } from "./acknowledged.ts";

const SYSTEM = { system: "verify" } as const;

/** Everything that must hold after writers were killed. */
export async function checkAfterCrash(
  storage: Storage,
  path: string,
  acknowledged: readonly Acknowledged[],
): Promise<{ readonly commits: number; readonly tasks: number }> {
  checkFile(path);
  const { items } = await storage.vault.cubes({ tenantId: TENANT, access: SYSTEM, limit: 100 });
  const keys: string[] = [];
  let commits = 0;
  for (const { ref } of items) {
    const log = await storage.vault.log(ref, { afterSeq: 0, limit: 1_000_000 });
    checkLog(
      log,
      acknowledged.filter(({ cubeId }) => cubeId === ref.cubeId),
    );
    const bodies = log.map(({ body }) => commitBodySchema.parse(JSON.parse(body)));
    await checkVersions(storage, ref, bodies);
    keys.push(...bodies.map(({ commitId }) => commitId));
    commits += log.length;
  }
  for (const { commitId } of acknowledged) assert.ok(keys.includes(commitId), `lost ${commitId}`);
  return { commits, tasks: await finishTasks(storage, new Set(keys)) };
}

/** SQLite's own checks, of the file and of the full-text index. */
function checkFile(path: string): void {
  const database = new DatabaseSync(path, { timeout: 1_000 });
  assert.deepEqual(
    { ...database.prepare("PRAGMA integrity_check").get() },
    { integrity_check: "ok" },
  );
  database.exec("INSERT INTO term_index (term_index) VALUES ('integrity-check')");
  database.close();
}

function checkLog(log: readonly LogEntry[], acknowledged: readonly Acknowledged[]): void {
  let head = "";
  for (const [place, entry] of log.entries()) {
    assert.equal(entry.seq, place + 1, "sequence numbers are dense");
    const line = `${head}\n${entry.seq}\n${entry.at}\n${entry.digest}`;
    head = createHash("sha256").update(line).digest("hex");
    assert.equal(entry.head, head, "heads link");
    assert.equal(entry.digest, createHash("sha256").update(entry.body).digest("hex"));
  }
  for (const { seq, head: said, commitId } of acknowledged) {
    assert.equal(log[seq - 1]?.head, said, `commit ${commitId} is at its place`);
  }
}

/** The versions are those the log tells of, each current where the log says, and found by its words. */
async function checkVersions(
  storage: Storage,
  ref: CubeRef,
  bodies: readonly CommitBody[],
): Promise<void> {
  const told = new Map<string, (readonly [version: number, seq: number])[]>();
  for (const [place, { changes }] of bodies.entries()) {
    for (const { op, memoryId, version } of changes) {
      if (memoryId === undefined) continue;
      if (op === "erase") told.delete(memoryId);
      else if (version !== undefined)
        told.set(memoryId, [...(told.get(memoryId) ?? []), [version, place + 1]]);
    }
  }
  const listed = await allMemories(storage, ref);
  assert.deepEqual(listed.map(({ id }) => id).toSorted(), [...told.keys()].toSorted(), "ids");
  for (const { id } of listed) {
    const versions = await storage.vault.versions(ref, { id, access: SYSTEM, limit: 100_000 });
    const found = versions.toReversed();
    assert.deepEqual(
      found.map(({ version, fromSeq }) => [version, fromSeq]),
      told.get(id),
      `versions of ${id}`,
    );
    assert.deepEqual(
      found.map(({ toSeq }) => toSeq),
      [...found.slice(1).map(({ fromSeq }) => fromSeq), undefined],
    );
    // The contested memory has hundreds of versions: the first and the last are enough.
    for (const { version, toSeq } of [...found.slice(0, 10), ...found.slice(-10)]) {
      const query = { terms: [wordOf(id, version)], filter: {}, access: SYSTEM, now: 0, limit: 10 };
      const candidates = await storage.vault.candidates(ref, query);
      const expected = toSeq === undefined ? [id] : [];
      assert.deepEqual(
        candidates.map((one) => one.id),
        expected,
        `words of ${id}`,
      );
    }
  }
  assert.equal((await storage.vault.stats(ref)).memories, listed.length);
}

async function allMemories(storage: Storage, ref: CubeRef): Promise<StoredVersion[]> {
  const all: StoredVersion[] = [];
  let cursor: string | undefined;
  do {
    const query = { access: SYSTEM, filter: {}, order: "oldest", limit: 1_000, cursor } as const;
    const page = await storage.vault.list(ref, query);
    all.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return all;
}

/** Two workers finish what is queued: each task once, and none without its commit. */
async function finishTasks({ queue }: Storage, commits: ReadonlySet<string>): Promise<number> {
  const finished: string[] = [];
  const work = async (worker: string): Promise<void> => {
    for (;;) {
      const query = {
        types: ["work"],
        limit: 50,
        now: Number.MAX_SAFE_INTEGER - 1,
        leaseMs: 1,
        worker,
      };
      const tasks = await queue.lease(query);
      if (tasks.length === 0) return;
      for (const task of tasks) {
        await queue.complete(task);
        finished.push(task.key);
      }
    }
  };
  await Promise.all([work("one"), work("two")]);
  assert.equal(new Set(finished).size, finished.length, "no task was finished twice");
  for (const key of finished) assert.ok(commits.has(key), `a task without its commit: ${key}`);
  assert.deepEqual(await queue.stats(), { waiting: 0, leased: 0, dead: 0 });
  return finished.length;
}
