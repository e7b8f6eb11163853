import { commitRequest, cubeWrite } from "@memcube/conformance";
import { sqliteStorage } from "@memcube/sqlite";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

import { type Acknowledged, SHARED, writeAtRandom } from "./random-writer.ts";
import { assertAcknowledgedAreThere, assertLogExplainsCube } from "./replay-log.ts";

// Real processes write to one file at the same time; afterwards its log must explain it.
// `MEMCUBE_MODEL_RUNS=50` writes fifty times as much.
const COMMITS = 120 * Number(process.env["MEMCUBE_MODEL_RUNS"] ?? 1);
const SEED = Number(process.env["MEMCUBE_MODEL_SEED"] ?? 20_261_120);
const WRITER = fileURLToPath(new URL("writer-process.ts", import.meta.url));
const LONG = { timeout: 600_000 };

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "memcube-processes-"));
  path = join(folder, "memory.db");
});
afterEach(() => rm(folder, { recursive: true }));

interface Writer {
  readonly child: ChildProcess;
  readonly acknowledged: Acknowledged[];
  /** Resolves with how many of its commits were refused; rejects when it fails. */
  readonly ended: Promise<number>;
}

interface Message {
  readonly acknowledged?: Acknowledged;
  readonly refused?: number;
}

async function startWriter(name: string, seed: number, commits: number): Promise<Writer> {
  const args = [path, name, `${seed}`, `${commits}`];
  const child = fork(WRITER, args, { execArgv: ["--conditions=@memcube/source"] });
  const acknowledged: Acknowledged[] = [];
  let refused = 0;
  child.on("message", (message: Message) => {
    if (message.acknowledged !== undefined) acknowledged.push(message.acknowledged);
    refused = message.refused ?? refused;
  });
  // Only when the channel is closed has every message been read.
  const ended = Promise.all([once(child, "exit"), once(child, "disconnect")]).then(([[code]]) => {
    if (code !== 0) throw new Error(`${name} ended with ${String(code)}`);
    return refused;
  });
  await Promise.race([once(child, "message"), ended]);
  return { child, acknowledged, ended };
}

async function openWithCube() {
  const storage = await sqliteStorage({ path, durability: "process" });
  const writes = [cubeWrite(SHARED)];
  await storage.vault.commit(commitRequest({ cube: SHARED, writes, commitId: "creation" }));
  return storage;
}

test("what three processes wrote at once is one log", LONG, async () => {
  const storage = await openWithCube();
  const writers = await Promise.all(
    [1, 2].map((at) => startWriter(`child${at}`, SEED + at, COMMITS)),
  );
  const own: Acknowledged[] = [];
  const ownRefused = await writeAtRandom(storage, {
    name: "parent",
    seed: SEED,
    commits: COMMITS,
    onAcknowledged: (one) => void own.push(one),
  });
  const refusals = [ownRefused, ...(await Promise.all(writers.map(({ ended }) => ended)))];
  const acknowledged = [...own, ...writers.flatMap((writer) => writer.acknowledged)];
  const refused = refusals.reduce((sum, count) => sum + count, 0);

  const commitIds = await assertLogExplainsCube(storage);
  await assertAcknowledgedAreThere(storage, acknowledged, commitIds);
  expect(commitIds).toHaveLength(1 + acknowledged.length);
  expect(acknowledged.length + refused).toBe(3 * COMMITS);
  await storage.close();
});

test("what a process acknowledged before it was killed is there", LONG, async () => {
  const storage = await openWithCube();
  const [victim, survivor] = await Promise.all([
    startWriter("victim", SEED + 3, 1_000_000),
    startWriter("survivor", SEED + 4, COMMITS),
  ]);
  while (victim.acknowledged.length < COMMITS / 4) await once(victim.child, "message");
  victim.child.kill("SIGKILL");
  await expect(victim.ended).rejects.toThrow("victim ended with null");
  await survivor.ended;

  const reopened = await sqliteStorage({ path, durability: "process" });
  for (const handle of [storage, reopened]) {
    const commitIds = await assertLogExplainsCube(handle);
    const acknowledged = [...victim.acknowledged, ...survivor.acknowledged];
    await assertAcknowledgedAreThere(handle, acknowledged, commitIds);
    // At most one more than was heard of: it was killed before it could tell.
    expect(commitIds.length - 1 - acknowledged.length).toBeLessThanOrEqual(1);
    await handle.close();
  }
});
